/** Buttons, selects and keys over the map. */

import { exactTime } from '../../../loader/base/index.ts';
import { SHADINGS, type Shading } from '../../../loader/view/index.ts';
import { EXPORTS, type ExportName, type MomentAsked, type RecordingShown } from '../messages.ts';
import { byId, fillSelect, say } from './element.ts';
import type { Player } from './player.ts';

/** What the toolbar sets going. */
export interface Toolable {
  readonly player: Player;
  visit(moment: MomentAsked, lead?: number): void;
  step(by: number): void;
  goToFailure(): void;
  /** To the failure before (-1) or after (1) the moment shown. */
  nextFailure(by: -1 | 1): void;
  /** Shorter (below 1) or longer time. */
  zoomTime(factor: number): void;
  /** Earlier or later by a share of the time shown. */
  moveTime(share: number): void;
  allTime(): void;
  find(): void;
  selectNothing(): void;
  /** The request of the event shown. */
  selectShown(): void;
  look(): void;
  zoom(how: 'in' | 'out' | 'all'): void;
  save(name: ExportName | 'png'): Promise<void>;
  share(): Promise<void>;
}

const SPEEDS = [
  ['0.05', '1/20'],
  ['0.25', '1/4'],
  ['1', '1'],
  ['4', '4'],
  ['16', '16'],
] as const;

export class Toolbar {
  readonly #app: Toolable;
  readonly #shading = byId('shading', HTMLSelectElement);
  readonly #window = byId('window', HTMLSelectElement);
  readonly #windowLabel = byId('window-label', HTMLElement);
  readonly #jump = byId('jump', HTMLSelectElement);
  readonly #failure = byId('to-failure', HTMLButtonElement);
  readonly #now = byId('now', HTMLOutputElement);
  #moments: { readonly moment: MomentAsked; readonly lead: number }[] = [];

  constructor(app: Toolable) {
    this.#app = app;
    const on = (id: string, act: () => void): void =>
      byId(id, HTMLButtonElement).addEventListener('click', act);
    on('back', () => app.step(-1));
    on('forth', () => app.step(1));
    on('to-failure', () => app.goToFailure());
    on('failure-back', () => app.nextFailure(-1));
    on('failure-forth', () => app.nextFailure(1));
    on('range-in', () => app.zoomTime(0.5));
    on('range-out', () => app.zoomTime(2));
    on('range-all', () => app.allTime());
    on('to-peak', () => app.visit({ at: 'peak' }));
    on('zoom-in', () => app.zoom('in'));
    on('zoom-out', () => app.zoom('out'));
    on('zoom-all', () => app.zoom('all'));
    on('share', () => void app.share());
    const speed = byId('speed', HTMLSelectElement);
    fillSelect(speed, SPEEDS);
    speed.value = '1';
    speed.addEventListener('change', () => app.player.setSpeed(Number(speed.value)));
    this.#shading.addEventListener('change', () => app.look());
    this.#window.addEventListener('change', () => app.look());
    this.#jump.addEventListener('change', () => this.#onJump());
    const save = byId('save', HTMLSelectElement);
    save.addEventListener('change', () => {
      const { value } = save;
      save.value = '';
      if (value === 'png' || value in EXPORTS) void app.save(value as ExportName | 'png');
    });
    addEventListener('keydown', (event) => this.#onKey(event));
  }

  get shading(): Shading {
    return SHADINGS.find((name) => name === this.#shading.value) ?? 'class';
  }

  setShading(shading: Shading): void {
    this.#shading.value = shading;
  }

  get window(): 'vmalloc' | 'modules' {
    return this.#window.value === 'modules' ? 'modules' : 'vmalloc';
  }

  showTime(text: string): void {
    say(this.#now, text);
  }

  /** What there is to jump to in these runs. */
  offer(recordings: readonly RecordingShown[]): void {
    const failed = recordings.some(({ failure }) => failure !== null);
    this.#failure.disabled = !failed;
    byId('failure-back', HTMLButtonElement).disabled = !failed;
    byId('failure-forth', HTMLButtonElement).disabled = !failed;
    const two = recordings.some(({ windows }) => windows.length > 1);
    this.#windowLabel.hidden = !two;
    if (!two) this.#window.value = 'vmalloc';
    this.#moments = [];
    const options: (readonly [string, string])[] = [['', 'a moment…']];
    recordings.forEach(({ end, kernel, peak, loads, loadCount }, lead) => {
      const of = recordings.length > 1 ? ` (${kernel})` : '';
      const add = (moment: MomentAsked, text: string): void => {
        options.push([String(this.#moments.length), text]);
        this.#moments.push({ moment, lead });
      };
      add({ t: 0 }, `beginning${of}`);
      add({ seq: peak.seq }, `peak${of}, ${exactTime(peak.t)}`);
      add({ t: end }, `end${of}`);
      for (const { seq, t, label } of loads) {
        add({ seq }, `${label} loaded${of}, ${exactTime(t)}`);
      }
      if (loadCount > loads.length) {
        options.push(['', `the first ${loads.length} of ${loadCount} loads${of}`]);
      }
    });
    fillSelect(this.#jump, options);
  }

  #onJump(): void {
    const chosen = this.#moments[Number(this.#jump.value)];
    if (this.#jump.value !== '' && chosen) this.#app.visit(chosen.moment, chosen.lead);
    this.#jump.value = '';
  }

  #onKey(event: KeyboardEvent): void {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isField(target)) return;
    if (target instanceof HTMLElement && target.closest('dialog')) return;
    const pressable = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
    if (key === ' ' && (pressable || (target as HTMLElement).tagName === 'SUMMARY')) return;
    const act = this.#keys[key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  readonly #keys: Readonly<Record<string, () => void>> = {
    ' ': () => this.#app.player.toggle(),
    ',': () => this.#app.step(-1),
    '.': () => this.#app.step(1),
    f: () => this.#app.goToFailure(),
    p: () => this.#app.visit({ at: 'peak' }),
    l: () => this.#app.visit({ at: 'last' }),
    '+': () => this.#app.zoom('in'),
    '=': () => this.#app.zoom('in'),
    '-': () => this.#app.zoom('out'),
    '0': () => this.#app.zoom('all'),
    '[': () => this.#app.nextFailure(-1),
    ']': () => this.#app.nextFailure(1),
    w: () => this.#app.zoomTime(0.5),
    s: () => this.#app.zoomTime(2),
    a: () => this.#app.moveTime(-0.25),
    d: () => this.#app.moveTime(0.25),
    e: () => this.#app.allTime(),
    '/': () => this.#app.find(),
    r: () => this.#app.selectShown(),
    Escape: () => this.#app.selectNothing(),
    '?': () => byId('help', HTMLDialogElement).showModal(),
    c: () => {
      const next = (SHADINGS.indexOf(this.shading) + 1) % SHADINGS.length;
      this.setShading(SHADINGS[next]!);
      this.#app.look();
    },
  };
}

/** Whether keys typed there are meant for it. */
function isField(target: EventTarget | null): boolean {
  return [HTMLInputElement, HTMLSelectElement, HTMLTextAreaElement].some(
    (kind) => target instanceof kind,
  );
}
