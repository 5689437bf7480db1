/** What a run came to, as the command line reports it, with links to moments. */
import { exactTime, formatBytes, groupDigits } from '../../../loader/base/index.ts';
import type { MomentAsked, RecordingShown } from '../messages.ts';
import type { ResultFile } from '../result-file.ts';
import { make } from './element.ts';

export type Visit = (moment: MomentAsked) => void;

const STAGES = ['kread', 'decompress', 'becoming', 'load'] as const;
const FAILURES = {
  kread: 'failed_kreads',
  decompress: 'failed_decompress',
  becoming: 'failed_becoming',
  load: 'failed_load_modules',
} as const;
const STATS = '/sys/kernel/debug/modules/stats';

export function reportView(recording: RecordingShown, visit: Visit): HTMLElement {
  const { result } = recording;
  const answer = make('article', { class: 'answer', 'aria-label': `Report of ${recording.title}` });
  answer.append(make('h2', {}, headline(recording)), failureLine(recording, visit));
  if (result === null) {
    answer.append(make('p', { class: 'hint' }, 'Counters are in result.json; drop it too.'));
    return answer;
  }
  const parts = make('div', { class: 'parts' });
  parts.append(
    part('Asked of the loader', callsTable(result)),
    part('Wasted', wasteTable(result)),
    part('Space', spaceList(recording, result, visit)),
    part(
      `Loaded twice (${result.duplicates.length} modules)`,
      duplicates(recording, result, visit),
    ),
  );
  const stats = result.files[STATS];
  answer.append(parts);
  if (stats !== undefined) {
    const text = make('pre', { class: 'stats', tabindex: '0', 'aria-label': STATS }, stats);
    answer.append(part(STATS, text));
  }
  return answer;
}

function headline({ title, kernel, result }: RecordingShown): string {
  if (result === null) return title;
  const { modcount, total_mod_size } = result.counters_true;
  const size = formatBytes(total_mod_size ?? 0);
  return `${title}, kernel ${kernel}: ${modcount ?? 0} modules loaded, ${size}`;
}

function failureLine(
  { sentence, failure, failureT, headline, result }: RecordingShown,
  visit: Visit,
) {
  const words = sentence ?? result?.first_failure?.sentence;
  if (words === undefined) {
    const answer = headline.parts.map(({ text }) => text).join('');
    return make('p', { class: headline.tone === 'good' ? 'fine' : 'sentence' }, answer);
  }
  const line = make('p', { class: 'sentence' }, words);
  if (failure !== null) {
    const more = failureT.length > 1 ? `first of ${groupDigits(failureT.length)}` : 'show it';
    line.append(
      ' ',
      link(`Go to this moment (${more})`, () => visit({ at: 'failure' })),
    );
  }
  return line;
}

function part(title: string, content: Node): HTMLElement {
  return make('section', {}, make('h3', {}, title), content);
}

function link(text: string, act: () => void): HTMLButtonElement {
  const button = make('button', { type: 'button', class: 'link' }, text);
  button.addEventListener('click', act);
  return button;
}

type Cell = string | Node;

function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const align = (i: number): Record<string, string> => (i === 0 ? {} : { class: 'number' });
  const head = make(
    'tr',
    {},
    ...heads.map((text, i) => make('th', { ...align(i), scope: 'col' }, text)),
  );
  const body = rows.map((cells) =>
    make(
      'tr',
      {},
      ...cells.map((cell, i) =>
        i === 0 ? make('th', { scope: 'row' }, cell) : make('td', align(i), cell),
      ),
    ),
  );
  const heading = heads.length > 0 ? [make('thead', {}, head)] : [];
  return make('table', {}, ...heading, make('tbody', {}, ...body));
}

function callsTable({ calls }: ResultFile): HTMLElement {
  const rows = Object.entries(calls)
    .filter(([op]) => op !== 'read' && op !== 'write')
    .map(([op, { total, ok, errors }]) => {
      const failed = Object.entries(errors)
        .sort((a, b) => b[1] - a[1])
        .map(([name, count]) => `${name} ${groupDigits(count)}`)
        .join(', ');
      return [op, groupDigits(total), groupDigits(ok), failed];
    });
  return table(['call', 'asked', 'ok', 'refused'], rows);
}

function wasteTable({ wasted, counters_true }: ResultFile): HTMLElement {
  const total = STAGES.reduce((sum, stage) => sum + wasted[stage], 0);
  const rows = STAGES.map((stage) => [
    stage,
    groupDigits(counters_true[FAILURES[stage]] ?? 0),
    formatBytes(wasted[stage]),
    make('meter', {
      min: '0',
      max: String(Math.max(1, total)),
      value: String(wasted[stage]),
      'aria-label': `share of ${stage}`,
    }),
  ]);
  const failures = STAGES.reduce((sum, stage) => sum + (counters_true[FAILURES[stage]] ?? 0), 0);
  rows.push(['all', groupDigits(failures), formatBytes(total), '']);
  return table(['stage', 'failures', 'bytes', 'share'], rows);
}

function spaceList(recording: RecordingShown, result: ResultFile, visit: Visit): HTMLElement {
  const { vmalloc, end_ns, modules } = result;
  const { peak, still } = recording;
  const peakText = `${formatBytes(result.peak.used)} at ${exactTime(result.peak.t)}`;
  return table(
    [],
    [
      ['used at the end', `${formatBytes(vmalloc.used)} of ${formatBytes(vmalloc.total)}`],
      ['parked', formatBytes(vmalloc.lazy)],
      ['largest hole', formatBytes(vmalloc.largest_free)],
      ['peak', still ? peakText : link(peakText, () => visit({ seq: peak.seq }))],
      ['simulated', `${exactTime(end_ns)}, ${groupDigits(result.events)} events`],
      ['modules', `${groupDigits(modules.files)} of ${modules.source}`],
    ],
  );
}

function duplicates(recording: RecordingShown, result: ResultFile, visit: Visit): HTMLElement {
  const loads = new Map(recording.loads.map((point) => [point.label, point]));
  const rows = [...result.duplicates]
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .map(({ name, count, becoming, load }) => {
      const point = loads.get(name);
      const reason = [becoming ? 'Becoming' : '', load ? 'Load' : ''].filter(Boolean).join(' & ');
      return [
        point ? link(name, () => visit({ seq: point.seq })) : name,
        groupDigits(count),
        reason,
      ];
    });
  if (rows.length === 0) return make('p', { class: 'hint' }, 'none');
  const list = table(['module', 'times', 'failed at'], rows);
  return make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Duplicates' },
    list,
  );
}
