// SPDX-License-Identifier: MIT
/** `compare published` for people. */
import { bytesText } from './byte-text.ts';
import { CPUFREQ_STORM, PUBLISHED_TABLES } from './published-tables.ts';

export interface PublishedRow {
  readonly table: string;
  readonly what: string;
  /**
   * Whether the constants were fitted on this figure or it follows from them; and whether what
   * nobody published of the machine was assumed with this figure in view.
   */
  readonly kind: 'fitted' | 'predicted' | 'predicted, memory assumed';
  /** The median over the draws, and its 90 % interval. */
  readonly model: number;
  readonly low: number;
  readonly high: number;
  /** Null where it was told in words only. */
  readonly published: number | null;
  readonly inside: boolean | null;
}

const TITLES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(PUBLISHED_TABLES).map(([name, { title }]) => [name, title])),
  'published-255-may2023':
    '255 CPUs, May 2023 (memory not published; 8 GiB, as the small guest has, allow 64 udev workers)',
  [CPUFREQ_STORM.scenario]: CPUFREQ_STORM.title,
};

export function publishedText(rows: readonly PublishedRow[], draws: number): string {
  const lines = [
    'The model beside what was measured. Fitted: constants were chosen with this table in view.',
    'Predicted: it follows from constants chosen without it. Memory assumed: the memory of that',
    'guest was not published and was chosen with these figures in view.',
    draws === 1
      ? 'One draw: the constants as they are.'
      : `The median of ${draws} draws of seed and constants, each constant within its physical range, ` +
        'and\nbetween which values nine in ten of them lie. *: what was measured lies there, too.',
  ];
  for (const table of new Set(rows.map((row) => row.table))) {
    const those = rows.filter((row) => row.table === table);
    const known = those.filter((row) => row.inside !== null);
    lines.push('', `${table}: ${TITLES[table]}`, '');
    const head = ['model', ...(draws > 1 ? ['90 % of draws'] : []), 'published', 'off'];
    lines.push(`  ${''.padEnd(50)}${columns(head, draws)}`);
    for (const row of those) lines.push(rowText(row, draws));
    if (draws > 1 && known.length > 0) {
      const inside = known.filter((row) => row.inside).length;
      lines.push(`  ${inside} of ${known.length} measured values inside`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function rowText({ what, kind, model, low, high, published, inside }: PublishedRow, draws: number) {
  const bytes = /bytes|size/.test(what);
  const show = (value: number): string =>
    bytes ? bytesText(value) : String(Number(value.toPrecision(4)));
  const cells = [
    show(model),
    ...(draws > 1 ? [`${show(low)} – ${show(high)}`] : []),
    published === null ? '–' : show(published),
    published === null ? '' : offText(model, published),
  ];
  const star = draws > 1 && inside ? ' * ' : '   ';
  return `  ${what.padEnd(50)}${columns(cells, draws)}${star}${kind}`;
}

function columns(cells: readonly string[], draws: number): string {
  const widths = draws > 1 ? [12, 25, 12, 10] : [12, 12, 10];
  return cells.map((cell, i) => cell.padStart(widths[i]!)).join('');
}

function offText(model: number, published: number): string {
  if (model === published) return '=';
  if (published === 0) return 'was 0';
  const share = (100 * (model - published)) / published;
  return `${share > 0 ? '+' : ''}${share.toFixed(1)} %`;
}
