// SPDX-License-Identifier: MIT
import type { CallTally, RunResult } from '../../loader/session/index.ts';
import type { FragmentationStats } from '../../loader/vmalloc/index.ts';
import { barText, bytesText, counted, timeText } from './byte-text.ts';
import { stepLines } from './step-lines.ts';

/** What only the host knows of a run: wall-clock figures, in milliseconds. */
export interface HostFigures {
  /** From the start of the process to the first answered request; absent without a guest. */
  readonly firstRequestMs?: number;
  readonly totalMs: number;
}

const BAR = 28;
const STAGES = ['kread', 'decompress', 'becoming', 'load'] as const;
const FAILURES = {
  kread: 'failed_kreads',
  decompress: 'failed_decompress',
  becoming: 'failed_becoming',
  load: 'failed_load_modules',
} as const;

/** The report of a run: what came of its steps, then one screen of at most 24 lines of 100 columns. */
export function reportText(result: RunResult, host: HostFigures): string {
  const lines = [
    headline(result),
    ...originLines(result),
    '',
    ...stepLines(result),
    ...askedLines(result.calls),
    `loaded    ${loadedText(result)}`,
    '',
    ...wasteLines(result),
    '',
    ...spaceLines(result),
    ...duplicateLine(result),
    '',
    `time      ${hostText(result, host)}`,
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function headline({ scenario, machine, kernel, modules }: RunResult): string {
  const space = machine.vmalloc as { name: string; bytes: number; start: string; end: string };
  const cpus = counted(Number(machine.cpus), 'CPU');
  return (
    `${scenario.name}: ${cpus}, ${counted(modules.files, 'module')} of ${modules.source}, ` +
    `kernel ${kernel.base} (${kernel.release}), ${bytesText(space.bytes)} at ${space.start}`
  );
}

interface KernelOrigin {
  readonly config: {
    readonly from: string | null;
    readonly read: readonly string[];
    readonly assumed: readonly string[];
  };
  readonly followed: readonly string[];
  readonly inferred: { readonly modules_read: number };
}

/** Of a run with modules of a directory: what was taken from where, and what was assumed. */
function originLines({ kernel }: RunResult): string[] {
  const { config, followed, inferred } = kernel as unknown as KernelOrigin;
  if (inferred.modules_read === 0) return [];
  const lines = followed.map((text) => `taken     ${text}`);
  const { from, read, assumed } = config;
  if (from === null) {
    const none = `no kernel configuration found: ${counted(assumed.length, 'feature')} assumed`;
    return [...lines, `assumed   ${none} as ${kernel.base} has them (--kernel-config FILE)`];
  }
  const rest = assumed.length === 0 ? '' : `; ${assumed.join(', ')} assumed`;
  return [...lines, `read      ${counted(read.length, 'feature')} from ${from}${rest}`];
}

function askedLines(calls: Readonly<Record<string, CallTally>>): string[] {
  const rows = Object.entries(calls)
    .filter(([op]) => op !== 'read' && op !== 'write')
    .map(([op, tally]) => {
      const errors = Object.entries(tally.errors)
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .slice(0, 5)
        .map(([name, count]) => `${name} ${count}`)
        .join('  ');
      return `${op.padEnd(16)}${String(tally.total).padStart(9)}   ok ${String(tally.ok).padStart(8)}   ${errors}`;
    });
  if (rows.length === 0) return ['asked     nothing of the loader'];
  return rows.map((row, i) => `${i === 0 ? 'asked     ' : '          '}${row}`);
}

function loadedText({ counters_true }: RunResult): string {
  const { modcount, total_mod_size, total_text_size } = counters_true as Record<string, number>;
  return `${counted(modcount!, 'module')}, ${bytesText(total_mod_size!)} (${bytesText(total_text_size!)} text)`;
}

function wasteLines({ wasted: counter, wasted_true, counters_true }: RunResult): string[] {
  const wasted = wasted_true;
  const wrong = counter.kread !== wasted.kread;
  const total = STAGES.reduce((sum, stage) => sum + wasted[stage], 0);
  const failures = STAGES.reduce((sum, stage) => sum + (counters_true[FAILURES[stage]] ?? 0), 0);
  const head = `wasted    ${bytesText(total)} in ${counted(failures, 'failed load')}`;
  return [
    head,
    ...STAGES.map((stage) => {
      const count = String(counters_true[FAILURES[stage]] ?? 0).padStart(9);
      const bar = barText(total === 0 ? 0 : wasted[stage] / total, BAR);
      const said =
        wrong && stage === 'kread'
          ? `counted ${bytesText(counter.kread)}: this kernel adds errors of reads`
          : bar;
      return `  ${stage.padEnd(12)}${bytesText(wasted[stage]).padStart(12)}${count}   ${said}`;
    }),
  ];
}

function spaceLines({ vmalloc, module_space, peak, first_failure }: RunResult): string[] {
  const share = vmalloc.total === 0 ? 0 : vmalloc.used / vmalloc.total;
  const atPeak = vmalloc.total === 0 ? 0 : peak.used / vmalloc.total;
  return [
    `vmalloc   ${bytesText(vmalloc.used)} used of ${bytesText(vmalloc.total)}, ${bytesText(vmalloc.lazy)} parked`,
    `  now       ${barText(share, BAR)} ${(100 * share).toFixed(1)} %`,
    `  peak      ${barText(atPeak, BAR)} ${(100 * atPeak).toFixed(1)} %, ${bytesText(peak.used)} at ${timeText(peak.t)}`,
    holeText(vmalloc),
    ...(module_space ? moduleSpaceLines(module_space) : []),
    `failure   ${first_failure ? first_failure.sentence : 'no allocation failed'}`,
  ];
}

function moduleSpaceLines(space: NonNullable<RunResult['module_space']>): string[] {
  const { used, total, start } = space;
  const share = (100 * used) / total;
  return [
    `modules   ${bytesText(used)} used of ${bytesText(total)} at ${start}, ${share.toFixed(1)} %`,
    holeText(space),
  ];
}

function holeText(space: FragmentationStats): string {
  const { largest_free, free, free_areas, external_fragmentation } = space;
  return (
    `  largest hole ${bytesText(largest_free)} of ${bytesText(free)} free in ` +
    `${counted(free_areas, 'hole')}, external fragmentation ${external_fragmentation.toFixed(3)}`
  );
}

function duplicateLine({ duplicates }: RunResult): string[] {
  if (duplicates.length === 0) return [];
  const most = [...duplicates].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const shown = most.slice(0, 5).map((row) => `${row.name} ${row.count}`);
  const more = most.length > 5 ? `, ${most.length - 5} more` : '';
  return [`twice     ${shown.join(', ')}${more}`];
}

function hostText(result: RunResult, host: HostFigures): string {
  const first =
    host.firstRequestMs === undefined
      ? ''
      : `; first request answered ${host.firstRequestMs.toFixed(0)} ms after start`;
  return (
    `${timeText(result.end_ns)} simulated, ${counted(result.events, 'event')}${first}; ` +
    `${(host.totalMs / 1000).toFixed(2)} s in all`
  );
}
