// SPDX-License-Identifier: MIT
import type { ModuleSource } from '../../loader/module/index.ts';
import { barText, bytesText, timeText } from './byte-text.ts';
import type { RunSummary } from './run-summary.ts';
import type { Threshold, ThresholdBy } from './until-failure.ts';

export interface ComparedRun extends RunSummary {
  readonly kernel: string;
  readonly cpus: number;
  readonly seed: number;
}

const BAR = 40;

/** Runs side by side: a table for each number of CPUs, then bars. */
export function compareText(
  name: string,
  source: ModuleSource,
  runs: readonly ComparedRun[],
): string {
  const lines = [`${name}: ${source.files.length} modules of ${source.name}`];
  const width = Math.max(6, ...runs.map(({ kernel }) => kernel.length));
  for (const cpus of new Set(runs.map((run) => run.cpus))) {
    const group = runs.filter((run) => run.cpus === cpus);
    lines.push('', cpus === 1 ? '1 CPU' : `${cpus} CPUs`, '', ...tableOf(group, width));
    lines.push('', ...bars('wasted', group, width, (run) => run.wasted_total));
    lines.push('', ...bars('peak of the address space', group, width, (run) => run.peak_used));
    const failures = group.filter((run) => run.first_failure !== null);
    if (failures.length > 0) lines.push('');
    for (const run of failures) lines.push(`${run.kernel}: ${run.first_failure}`);
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function tableOf(runs: readonly ComparedRun[], width: number): string[] {
  const head = [
    'kernel'.padEnd(width),
    'loaded'.padStart(7),
    'failed'.padStart(8),
    'kread'.padStart(11),
    'decompress'.padStart(11),
    'becoming'.padStart(11),
    'load'.padStart(11),
    'wasted'.padStart(11),
    'settles'.padStart(11),
  ].join(' ');
  const rows = runs.map((run) =>
    [
      run.kernel.padEnd(width),
      String(run.modules_loaded).padStart(7),
      String(run.failed_total).padStart(8),
      ...[
        run.wasted.kread,
        run.wasted.decompress,
        run.wasted.becoming,
        run.wasted.load,
        run.wasted_total,
      ].map((bytes) => bytesText(bytes).padStart(11)),
      timeText(run.settle_ns).padStart(11),
    ].join(' '),
  );
  return [head, ...rows];
}

function bars(
  title: string,
  runs: readonly ComparedRun[],
  width: number,
  value: (run: ComparedRun) => number,
): string[] {
  const most = Math.max(0, ...runs.map(value));
  const rows = runs.map((run) => {
    const bar = barText(most === 0 ? 0 : value(run) / most, BAR);
    return `  ${run.kernel.padEnd(width)} ${bar} ${bytesText(value(run))}`;
  });
  return [title, ...rows];
}

/** One line of threshold for each kernel, and why. */
export function thresholdText(
  name: string,
  by: ThresholdBy,
  thresholds: readonly (Threshold & { readonly kernel: string })[],
): string {
  const size = (value: number): string =>
    by === 'cpus' ? `${value} ${value === 1 ? 'CPU' : 'CPUs'}` : `vmalloc=${value}M`;
  const width = Math.max(...thresholds.map(({ kernel }) => kernel.length));
  const lines = [`${name}: the first allocation that fails`];
  for (const { kernel, fails, passes, failure, runs } of thresholds) {
    const head = `${kernel.padEnd(width)}  `;
    if (fails === null) {
      lines.push('', `${head}none down to ${size(passes!)} (${runs} runs)`);
      if (by === 'cpus')
        lines[lines.length - 1] = `${head}none up to ${size(passes!)} (${runs} runs)`;
      continue;
    }
    const other = passes === null ? 'nothing tried passes' : `passes with ${size(passes)}`;
    lines.push('', `${head}fails with ${size(fails)}, ${other} (${runs} runs)`, `  ${failure}`);
  }
  return `${lines.join('\n')}\n`;
}
