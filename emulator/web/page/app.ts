/** The page: runs and their pictures, and the moment all of them show. */
import { exactTime, groupDigits } from '../../../loader/base/index.ts';
import type { AreaShown, GivenFile, MomentAsked, ViewAsked } from '../messages.ts';
import { byId, say } from './element.ts';
import { Notices } from './notices.ts';
import { Pace } from './pace.ts';
import { Player } from './player.ts';
import { reportView } from './report-view.ts';
import { type RunChoice, RunPanel } from './run-panel.ts';
import { saveFile } from './save.ts';
import { onScheme } from './scheme.ts';
import { readFragment, type Shared, writeFragment } from './share.ts';
import { Toolbar } from './toolbar.ts';
import { Track, type TrackListener } from './track.ts';
import { TrackView } from './track-view.ts';

interface Shown {
  readonly track: Track;
  readonly view: TrackView;
  readonly title: string;
  /** When its texts are due. */
  readonly words: Pace;
  moment: MomentAsked;
}

/** While a run plays its texts follow ten times a second. */
const WORDS_MS = 100;

export class App implements TrackListener {
  readonly #tracksBox = byId('tracks', HTMLElement);
  readonly #answers = byId('answers', HTMLElement);
  readonly #event = byId('event', HTMLElement);
  readonly #notices = new Notices();
  readonly #panel = new RunPanel(
    () => this.run(this.#panel.choice),
    () => this.#stop(),
  );
  readonly #toolbar = new Toolbar(this);
  readonly #player = new Player((t) => this.goTo({ t }));
  #shown: Shown[] = [];
  /** The run whose moment the others follow. */
  #lead = 0;
  #files: readonly GivenFile[] = [];
  #choice: RunChoice | undefined;
  #wanted: Shared['moment'];
  #duration = 0;
  readonly #words = new Pace(WORDS_MS);

  constructor() {
    onScheme(() => {
      for (const { view } of this.#shown) view.refresh();
    });
    addEventListener('hashchange', () => this.openLink());
  }

  get player(): Player {
    return this.#player;
  }

  /** Runs what the address of the page asks for, if anything. */
  openLink(): void {
    const shared = readFragment(location.hash);
    if (shared === null) return;
    if (shared === undefined || !this.#panel.set(shared)) {
      this.#notices.problem('This link asks for something this page does not know.');
      return;
    }
    this.#toolbar.setShading(shared.shading ?? 'class');
    this.#wanted = shared.moment;
    this.run(this.#panel.choice);
  }

  /** Boots the guest with the first scenario. */
  runFirst(): void {
    this.run(this.#panel.choice);
  }

  run(choice: RunChoice): void {
    this.#clear();
    this.#choice = choice;
    const { scenario, settings, versus } = choice;
    const others = versus === undefined ? [] : [{ ...settings, kernel: versus }];
    const name = scenario ?? 'dropped files';
    this.#shown = [settings, ...others].map((each) => {
      const track = new Track(this);
      const view = this.#addView(
        others.length > 0 ? `${name}, ${each.kernel ?? 'as given'}` : name,
      );
      track.run(scenario, this.#files, each);
      return { track, view, title: name, words: new Pace(WORDS_MS), moment: { at: 'last' } };
    });
    document.documentElement.style.setProperty('--tracks', String(this.#shown.length));
    this.#panel.setRunning(true);
    this.#notices.status('Starting…');
  }

  /** Takes files: a scenario or modules to run, or a recording to show. */
  take(files: readonly GivenFile[]): void {
    if (files.length === 0) return;
    this.#files = files;
    const names = files.slice(0, 2).map(({ path }) => path);
    const more = files.length > 2 ? ` and ${groupDigits(files.length - 2)} more` : '';
    this.#panel.offerDropped(`${names.join(', ')}${more}`);
    this.run({ ...this.#panel.choice, scenario: null });
  }

  /** Shows a moment; that of the run `lead` where it is an event. */
  goTo(moment: MomentAsked, lead = this.#lead): void {
    if (!this.#isReady) return;
    this.#lead = lead;
    if ('t' in moment) this.#setTime(moment.t);
    this.#shown.forEach((shown, i) => {
      if (i !== lead && !('t' in moment)) return;
      shown.moment = moment;
      shown.track.seek(moment, this.#viewOf(shown));
    });
  }

  /** As goTo, and no longer playing. */
  visit(moment: MomentAsked, lead = this.#lead): void {
    this.#player.pause();
    this.goTo(moment, lead);
  }

  step(by: number): void {
    const shown = this.#shown[this.#lead];
    if (!this.#isReady || shown === undefined) return;
    this.#player.pause();
    shown.moment = { seq: 0 };
    shown.track.step(by, this.#viewOf(shown));
  }

  /** The earliest first failure of the runs. */
  goToFailure(): void {
    let first = -1;
    this.#shown.forEach(({ track }, i) => {
      const failure = track.recording?.failure;
      const best = this.#shown[first]?.track.recording?.failure;
      if (failure && (!best || failure.t < best.t)) first = i;
    });
    if (first >= 0) this.visit({ at: 'failure' }, first);
  }

  /** Asks again for what is shown: colours or window changed. */
  look(): void {
    for (const shown of this.#shown) {
      const { frame } = shown.track;
      const moment = 't' in shown.moment || !frame ? shown.moment : { seq: frame.seq };
      shown.track.seek(moment, this.#viewOf(shown));
    }
  }

  zoom(how: 'in' | 'out' | 'all'): void {
    for (const { view } of this.#shown) {
      if (how === 'in') view.map.zoomIn();
      else if (how === 'out') view.map.zoomOut();
      else view.map.zoomAll();
    }
  }

  async save(name: Parameters<Track['save']>[0] | 'png'): Promise<void> {
    for (const { track, view } of this.#shown) {
      if (name !== 'png') {
        track.save(name);
        continue;
      }
      const picture = await view.map.picture();
      if (picture) this.onExport('map.png', picture);
    }
  }

  async share(): Promise<void> {
    const choice = this.#choice;
    if (choice === undefined || choice.scenario === null) {
      this.#notices.status('A link can name bundled scenarios only: share dropped files as files.');
      return;
    }
    const { scenario, settings, versus } = choice;
    const lead = this.#shown[this.#lead];
    const moment = lead && 'at' in lead.moment ? lead.moment.at : this.#player.t;
    const fragment = writeFragment({
      scenario,
      settings,
      versus,
      shading: this.#toolbar.shading,
      moment: moment === 'last' ? undefined : moment,
    });
    history.replaceState(null, '', `#${fragment}`);
    try {
      await navigator.clipboard.writeText(location.href);
      this.#notices.status('Link copied; it is in the address bar too.');
    } catch {
      this.#notices.status('The link is in the address bar.');
    }
  }

  onProgress(track: Track, phase: string, t: number, events: number): void {
    const shown = this.#shown.find((each) => each.track === track);
    if (shown === undefined) return;
    this.#notices.progress(phase, t, events);
    if (events > 0) track.seek({ at: 'last' }, this.#viewOf(shown));
  }

  onConsole(track: Track, text: string): void {
    if (this.#shown[0]?.track === track) this.#notices.console(text);
  }

  onRecording(track: Track): void {
    const index = this.#shown.findIndex((each) => each.track === track);
    const shown = this.#shown[index];
    const { recording } = track;
    if (shown === undefined || recording === undefined) return;
    const kernel = recording.kernel === '' ? '' : `, kernel ${recording.kernel}`;
    shown.view.showHead(`${recording.title}${kernel}`, recording);
    if (this.#isReady) this.#ready();
  }

  onFrame(track: Track): void {
    const index = this.#shown.findIndex((each) => each.track === track);
    const shown = this.#shown[index];
    const { frame } = track;
    if (shown === undefined || frame === undefined) return;
    const texts = shown.words.due(this.#player.playing);
    shown.view.showFrame(frame, this.#toolbar.shading, track.recording?.cpus ?? 1, texts);
    if (!this.#player.playing && this.#isReady) shown.view.map.askAgain();
    if (index !== this.#lead || !this.#isReady) return;
    if (texts) say(this.#event, frame.event);
    if ('t' in shown.moment) return;
    this.#setTime(frame.t);
    for (const other of this.#shown) {
      if (other === shown) continue;
      other.moment = { t: frame.t };
      other.track.seek(other.moment, this.#viewOf(other));
    }
  }

  onArea(track: Track, area: AreaShown): void {
    this.#shown.find((each) => each.track === track)?.view.showArea(area);
  }

  onExport(name: string, file: Blob): void {
    saveFile(name, file);
  }

  onProblem(track: Track, message: string): void {
    if (!this.#shown.some((each) => each.track === track)) return;
    this.#notices.problem(message);
    if (!this.#isReady) this.#clear();
  }

  get #isReady(): boolean {
    return this.#shown.length > 0 && this.#shown.every(({ track }) => track.recording);
  }

  #addView(title: string): TrackView {
    const view = new TrackView();
    this.#tracksBox.append(view.element);
    view.showHead(title, undefined);
    const index = this.#shown.length;
    view.map.addEventListener('ask', (event) => {
      const shown = this.#shown.find((each) => each.view === view) ?? this.#shown[index];
      shown?.track.askArea((event as CustomEvent<number>).detail);
    });
    view.charts.addEventListener('seek', (event) => {
      this.visit({ t: (event as CustomEvent<number>).detail });
    });
    return view;
  }

  #viewOf({ view }: Shown): ViewAsked {
    const { shading, window } = this.#toolbar;
    return { shading, window, columns: view.map.columns };
  }

  #ready(): void {
    const recordings = this.#shown.map(({ track }) => track.recording!);
    this.#duration = Math.max(...recordings.map(({ end }) => end));
    this.#player.setDuration(this.#duration);
    this.#panel.setRunning(false);
    this.#toolbar.offer(recordings);
    this.#shown.forEach(({ view }, i) => {
      const recording = recordings[i]!;
      view.charts.hidden = recording.series === null;
      view.charts.show(recording, recordings);
    });
    this.#answers.replaceChildren(
      ...recordings.map((recording, i) =>
        reportView(recording, (moment) => {
          this.visit(moment, i);
          this.#tracksBox.scrollIntoView({ block: 'nearest' });
        }),
      ),
    );
    this.#notices.done(recordings);
    this.#showFirst();
  }

  #showFirst(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (typeof wanted === 'number') this.goTo({ t: Math.min(wanted, this.#duration) });
    else if (wanted === 'failure') this.goToFailure();
    else if (wanted === undefined && this.#shown.some(({ track }) => track.recording?.failure)) {
      this.goToFailure();
    } else this.goTo({ at: 'peak' }, 0);
  }

  #setTime(t: number): void {
    this.#player.moved(t);
    const texts = this.#words.due(this.#player.playing);
    if (texts) this.#toolbar.showTime(exactTime(Math.round(t)));
    for (const { view } of this.#shown) view.charts.setTime(t, texts);
  }

  #stop(): void {
    this.#clear();
    this.#notices.status('Stopped.');
  }

  #clear(): void {
    for (const { track } of this.#shown) track.end();
    this.#player.pause();
    this.#shown = [];
    this.#lead = 0;
    this.#tracksBox.replaceChildren();
    this.#answers.replaceChildren();
    say(this.#event, '');
    this.#panel.setRunning(false);
    this.#notices.clear();
    this.#toolbar.offer([]);
    this.#toolbar.showTime('');
  }
}
