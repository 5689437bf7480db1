// SPDX-License-Identifier: MIT
/** The costs of modules as a plain table: a row for each, the dearest first, sums below. */
import type { CostMemoryType, CostTotals, ModuleCost } from '../../loader/survey/index.ts';
import { counted } from './byte-text.ts';

interface Column {
  readonly title: string;
  /** Text columns are aligned to the left. */
  readonly text?: boolean;
  /** False where adding up the modules says nothing. */
  readonly summed?: boolean;
  value(module: ModuleCost): number | string;
}

const KIB = 1024;

const MEMORY: readonly (readonly [CostMemoryType, string])[] = [
  ['TEXT', 'text'],
  ['DATA', 'data'],
  ['RODATA', 'rodata'],
  ['RO_AFTER_INIT', 'ro-after'],
  ['INIT_TEXT', 'i-text'],
  ['INIT_DATA', 'i-data'],
  ['INIT_RODATA', 'i-rodata'],
  ['CORE', 'core-area'],
  ['INIT', 'init-area'],
];

export function costTable(
  modules: readonly ModuleCost[],
  totals: CostTotals,
  kernel: string,
): string {
  const sorted = [...modules].sort(
    (a, b) => b.va.peak - a.va.peak || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0),
  );
  const columns = columnsFor(modules);
  const cells = [
    columns.map(({ title }) => title),
    ...sorted.map((module) => columns.map((column) => String(column.value(module)))),
    columns.map(({ text, summed, value }, i) =>
      i === 0 ? 'all' : text || summed === false ? '' : sumOf(modules, value),
    ),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row) => rowText(row, columns, widths));
  const refused = sorted.flatMap(({ path, refused: why }) =>
    why
      ? [`  ${path}: ${why.stage}, errno ${why.errno}${why.message ? `, ${why.message}` : ''}`]
      : [],
  );
  return `${[
    `${kernel}`,
    'file, image and wasted in bytes; memory and address space (va) in KiB, guard pages included',
    '',
    ...lines,
    '',
    `${counted(totals.files, 'file')}, ${totals.refused} refused; all of them loaded would keep ` +
      `${totals.va.resident / KIB} KiB of address space`,
    ...refused,
  ].join('\n')}\n`;
}

function columnsFor(modules: readonly ModuleCost[]): Column[] {
  const compressed = modules.some(({ format }) => format !== null);
  const inKernel = modules.some(({ decompress }) => decompress !== null);
  const types = MEMORY.filter(([type]) =>
    modules.some(({ memory }) => memory.some((one) => one.type === type)),
  );
  const kib = (title: string, value: (module: ModuleCost) => number, summed = true): Column => ({
    title,
    summed,
    value: (module) => value(module) / KIB,
  });
  const moment = (title: string, value: (module: ModuleCost) => number): Column =>
    kib(title, value, false);
  return [
    { title: 'module', text: true, value: ({ name, path }) => name ?? path },
    { title: 'file', value: ({ file_bytes }) => file_bytes },
    ...(compressed
      ? [
          { title: 'as', text: true, value: ({ format }: ModuleCost) => format ?? '-' },
          { title: 'image', value: ({ module_bytes }: ModuleCost) => module_bytes },
        ]
      : []),
    moment('copy-va', ({ copy_va }) => copy_va),
    ...(inKernel
      ? [
          moment('dict-va', ({ decompress }) => decompress?.dictionary_va ?? 0),
          moment('image-va', ({ decompress }) => decompress?.image_va ?? 0),
        ]
      : []),
    ...types.map(([type, title]) =>
      kib(title, ({ memory }) => memory.find((one) => one.type === type)?.bytes ?? 0),
    ),
    kib('core', ({ core }) => core),
    kib('init', ({ init }) => init),
    moment('va-peak', ({ va }) => va.peak),
    kib('va-stays', ({ va }) => va.resident),
    ...(inKernel
      ? [{ title: 'w-decompress', value: ({ wasted }: ModuleCost) => wasted.decompress ?? 0 }]
      : []),
    { title: 'w-becoming', value: ({ wasted }) => wasted.becoming },
    { title: 'w-load', value: ({ wasted }) => wasted.load },
  ];
}

function sumOf(modules: readonly ModuleCost[], value: Column['value']): string {
  return String(modules.reduce((sum, module) => sum + Number(value(module)), 0));
}

function rowText(row: readonly string[], columns: readonly Column[], widths: number[]): string {
  return row
    .map((cell, i) => (columns[i]!.text ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
    .join('  ')
    .trimEnd();
}
