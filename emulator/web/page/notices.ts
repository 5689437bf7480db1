/** What the page says beside the pictures: progress, problems, the guest's console. */
import { formatTime, groupDigits } from '../../../loader/base/index.ts';
import type { RecordingShown } from '../messages.ts';
import { byId, say } from './element.ts';

/** Console text kept on the page. */
const MOST = 200_000;

export class Notices {
  readonly #status = byId('status', HTMLElement);
  readonly #problem = byId('problem', HTMLElement);
  readonly #empty = byId('empty', HTMLElement);
  readonly #view = byId('view', HTMLElement);
  readonly #console = byId('console', HTMLElement);
  readonly #consoleBox = byId('console-box', HTMLDetailsElement);

  constructor() {
    // What scrolls must be reachable by keyboard.
    this.#console.tabIndex = 0;
  }

  status(text: string): void {
    say(this.#status, text);
  }

  progress(phase: string, t: number, events: number): void {
    this.counting(phase, t, events);
    this.#showView();
  }

  /** How far something is that is not shown yet. */
  counting(phase: string, t: number, events: number): void {
    const much = events > 0 ? `, ${formatTime(t)} simulated, ${groupDigits(events)} events` : '';
    this.status(`${phase}${much} …`);
  }

  done(recordings: readonly RecordingShown[]): void {
    const words = recordings.map(({ title, kernel, still, events, end }) =>
      still
        ? `${title}: only the end of this run is known; drop its events.jsonl with it to see the rest`
        : `${title}, ${kernel || 'kernel unknown'}: ${groupDigits(events)} events in ${formatTime(end)} of simulated time`,
    );
    this.status(`${words.join('; ')}.`);
    this.#problem.hidden = true;
    this.#showView();
    document.documentElement.dataset.ready = 'true';
  }

  problem(message: string): void {
    queueMicrotask(() => {
      this.#problem.hidden = false;
      say(this.#problem, message);
      this.status('');
    });
  }

  console(text: string): void {
    this.#consoleBox.hidden = false;
    const atEnd =
      this.#console.scrollTop + this.#console.clientHeight >= this.#console.scrollHeight - 4;
    this.#console.append(text);
    const { textContent } = this.#console;
    if (textContent.length > MOST) this.#console.textContent = textContent.slice(-MOST / 2);
    if (atEnd) this.#console.scrollTop = this.#console.scrollHeight;
  }

  /** Back to the state in which nothing has run. */
  clear(): void {
    delete document.documentElement.dataset.ready;
    this.#problem.hidden = true;
    this.#empty.hidden = false;
    this.#view.hidden = true;
    this.#consoleBox.hidden = true;
    this.#console.textContent = '';
    document.body.classList.remove('has-run');
  }

  #showView(): void {
    this.#empty.hidden = true;
    this.#view.hidden = false;
    document.body.classList.add('has-run');
  }
}
