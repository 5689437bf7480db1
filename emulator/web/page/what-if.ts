/** The same run under other kernels and with other CPUs, in the background, as columns of a table. */
import {
  counted,
  exactTime,
  formatBytes,
  formatTime,
  groupDigits,
} from '../../../loader/base/index.ts';
import { KERNEL_PRESETS } from '../../../loader/presets/index.ts';
import type { GivenFile, RecordingShown } from '../messages.ts';
import type { RunSettings } from '../run-settings.ts';
import { fillSelect, make, say } from './element.ts';
import type { RunChoice } from './run-panel.ts';
import { Track } from './track.ts';

interface Base {
  readonly choice: RunChoice;
  readonly files: readonly GivenFile[];
}

/** What a column tells of a run. */
interface Outcome {
  readonly label: string;
  readonly failures: number;
  readonly first: number | null;
  readonly wasted: number;
  readonly loads: number;
  readonly modules: number;
  readonly peak: number;
  readonly end: number;
}

interface Job {
  readonly label: string;
  readonly settings: RunSettings;
  readonly done: (outcome: Outcome | string) => void;
}

const ROWS: readonly (readonly [name: string, text: (outcome: Outcome) => string])[] = [
  ['requests for room that failed', ({ failures }) => groupDigits(failures)],
  ['first of them', ({ first }) => (first === null ? '–' : exactTime(first))],
  ['bytes wasted', ({ wasted }) => formatBytes(wasted)],
  ['failed loads', ({ loads }) => groupDigits(loads)],
  ['modules loaded', ({ modules }) => groupDigits(modules)],
  ['peak use', ({ peak }) => formatBytes(peak)],
  ['simulated time', ({ end }) => formatTime(end)],
];

export class WhatIf {
  readonly #kernels = make('fieldset', {}, make('legend', {}, 'Kernels'));
  readonly #cpus = make('input', {
    type: 'text',
    placeholder: 'as shown',
    inputmode: 'numeric',
    'aria-label': 'CPUs, separated by commas',
  });
  readonly #feature = make('select', {});
  readonly #go = make('button', { type: 'button', class: 'primary' }, 'Compare');
  readonly #note = make('p', { class: 'hint', role: 'status' });
  readonly #table = make('div', { class: 'scroll-x' });
  readonly #words = make('ul', { class: 'differences' });
  #base: Base | undefined;
  #here: Outcome | undefined;
  #jobs: Job[] = [];
  #running: Track | undefined;

  constructor(box: HTMLElement) {
    for (const name of Object.keys(KERNEL_PRESETS)) {
      const input = make('input', { type: 'checkbox', value: name });
      input.checked = name === 'v6.5' || name === 'v6.12';
      this.#kernels.append(make('label', {}, input, ` ${name}`));
    }
    fillSelect(this.#feature, [
      ['', 'nothing'],
      ...switches().map((text) => [text, text] as const),
    ]);
    const feature = make('label', { class: 'inline' }, 'and with', this.#feature);
    const cpus = make('label', { class: 'inline' }, 'CPUs', this.#cpus);
    box.append(
      make('div', { class: 'what-if' }, this.#kernels, feature, cpus, this.#go),
      this.#note,
      this.#table,
      this.#words,
    );
    this.#go.addEventListener('click', () => this.#compare());
  }

  /** What can be run again; nothing of a recording whose scenario is not known. */
  offer(base: Base | undefined, recording: RecordingShown): void {
    this.#base = base;
    this.#here = outcomeOf(recording, `${recording.kernel}, as shown`);
    this.#go.disabled = base === undefined;
    say(
      this.#note,
      base === undefined
        ? 'A recording cannot be run again; drop its scenario, or choose one that is bundled.'
        : 'Each column is the same scenario, replayed in the background.',
    );
  }

  /** Runs the scenario under a kernel and says in a few words what came of it. */
  compute(kernel: string, answer: (text: string) => void): void {
    const base = this.#base;
    if (base === undefined) return;
    this.#add(kernel, { ...base.choice.settings, kernel, guest: false }, (outcome) => {
      if (typeof outcome === 'string') answer(`it cannot be run (${outcome}).`);
      else if (outcome.failures > 0) answer(`${counted(outcome.failures, 'failure')}.`);
      else
        answer(
          `no failure, ${outcome.wasted === 0 ? 'nothing' : formatBytes(outcome.wasted)} wasted.`,
        );
    });
  }

  clear(): void {
    this.#jobs = [];
    this.#running?.end();
    this.#running = undefined;
    this.#table.replaceChildren();
    this.#words.replaceChildren();
  }

  #compare(): void {
    const { choice } = this.#base ?? {};
    if (choice === undefined || this.#here === undefined) return;
    const kernels = [...this.#kernels.querySelectorAll('input')]
      .filter(({ checked }) => checked)
      .map(({ value }) => value);
    const cpus = this.#cpus.value
      .split(/[\s,]+/)
      .map(Number)
      .filter((n) => Number.isInteger(n) && n >= 1 && n <= 8192);
    const columns: (Outcome | string | undefined)[] = [this.#here];
    const labels = [this.#here.label];
    const add = (label: string, settings: RunSettings): void => {
      const at = columns.length;
      columns.push(undefined);
      labels.push(label);
      this.#add(label, settings, (outcome) => {
        columns[at] = outcome;
        this.#draw(labels, columns);
      });
    };
    const { value: change } = this.#feature;
    const variants = kernels.flatMap((name) => (change ? [name, `${name}+${change}`] : [name]));
    for (const kernel of variants) {
      const settings = { ...choice.settings, kernel, guest: false };
      if (cpus.length === 0) add(kernel, settings);
      for (const n of cpus) add(`${kernel}, ${counted(n, 'CPU')}`, { ...settings, cpus: n });
    }
    this.#draw(labels, columns);
  }

  #add(label: string, settings: RunSettings, done: Job['done']): void {
    this.#jobs.push({ label, settings, done });
    if (this.#running === undefined) this.#next();
  }

  #next(): void {
    const job = this.#jobs.shift();
    const base = this.#base;
    this.#running = undefined;
    if (job === undefined || base === undefined) return;
    const finish = (track: Track, outcome: Outcome | string): void => {
      if (this.#running !== track) return;
      track.end();
      job.done(outcome);
      this.#next();
    };
    const nothing = (): void => undefined;
    const track = new Track({
      onProgress: nothing,
      onConsole: nothing,
      onFrame: nothing,
      onArea: nothing,
      onSlices: nothing,
      onTotals: nothing,
      onStory: nothing,
      onHits: nothing,
      onEvents: nothing,
      onSaving: nothing,
      onExport: nothing,
      onRecording: (done) => finish(done, outcomeOf(done.recording!, job.label)),
      onProblem: (done, message) => finish(done, message),
    });
    this.#running = track;
    track.run(base.choice.scenario, base.files, job.settings);
  }

  #draw(labels: readonly string[], columns: readonly (Outcome | string | undefined)[]): void {
    const head = make('tr', {}, make('th', { scope: 'col' }, 'kernel'));
    for (const label of labels) head.append(make('th', { scope: 'col', class: 'number' }, label));
    const rows = ROWS.map(([name, text]) => {
      const row = make('tr', {}, make('th', { scope: 'row' }, name));
      for (const column of columns) {
        const value = column === undefined ? '…' : typeof column === 'string' ? '–' : text(column);
        row.append(make('td', { class: 'number' }, value));
      }
      return row;
    });
    const body = make('tbody', {}, ...rows);
    this.#table.replaceChildren(make('table', {}, make('thead', {}, head), body));
    const [here] = columns;
    const words = columns.slice(1).map((column, i) => {
      if (column === undefined || typeof here !== 'object') return '';
      const label = labels[i + 1]!;
      return typeof column === 'string' ? `${label}: ${column}` : difference(here, column);
    });
    this.#words.replaceChildren(
      ...words.filter((text) => text !== '').map((text) => make('li', {}, text)),
    );
  }
}

/** Every feature with every value some release has for it: `early_check=false`. */
function switches(): string[] {
  const found = new Set<string>();
  for (const { features } of Object.values(KERNEL_PRESETS)) {
    for (const [name, value] of Object.entries(features)) {
      if (typeof value === 'boolean') found.add(`${name}=true`).add(`${name}=false`);
      else if (typeof value === 'string') found.add(`${name}=${value}`);
    }
  }
  return [...found].sort();
}

function outcomeOf(recording: RecordingShown, label: string): Outcome {
  const { result, failureT, failure, peak, end } = recording;
  const wasted = result?.wasted;
  const counters = result?.counters_true ?? {};
  return {
    label,
    failures: failureT.length,
    first: failure?.t ?? null,
    wasted: wasted ? wasted.kread + wasted.decompress + wasted.becoming + wasted.load : 0,
    loads: ['failed_kreads', 'failed_decompress', 'failed_becoming', 'failed_load_modules'].reduce(
      (sum, name) => sum + (counters[name] ?? 0),
      0,
    ),
    modules: counters.modcount ?? 0,
    peak: result?.peak.used ?? peak.t,
    end,
  };
}

/** What is different in a column, in a sentence. */
function difference(here: Outcome, there: Outcome): string {
  const parts: string[] = [];
  if (there.failures !== here.failures) {
    parts.push(
      there.failures === 0
        ? `none of the ${groupDigits(here.failures)} failures`
        : `${counted(there.failures, 'failure')} instead of ${groupDigits(here.failures)}`,
    );
  }
  if (there.wasted !== here.wasted) {
    const less = there.wasted < here.wasted;
    parts.push(
      `${formatBytes(Math.abs(here.wasted - there.wasted))} ${less ? 'less' : 'more'} wasted`,
    );
  }
  if (there.modules !== here.modules) {
    parts.push(
      `${counted(there.modules, 'module')} loaded instead of ${groupDigits(here.modules)}`,
    );
  }
  return `${there.label}: ${parts.length === 0 ? 'nothing is different' : parts.join(', ')}.`;
}
