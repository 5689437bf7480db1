// SPDX-License-Identifier: MIT
// The report of a real kernel's run.

import { errnoName } from '../../loader/base/index.ts';
import type { Step } from '../../loader/scenario/index.ts';
import { counted, timeText } from './byte-text.ts';
import { FINAL_FILES, type LinuxCallResult, type LinuxResult } from './linux-result.ts';

const LINES_SHOWN = 3;
/** Calls shown one by one; of longer runs those that failed or said something. */
const CALLS_SHOWN = 40;

export function linuxReport(result: LinuxResult, steps: readonly Step[]): string {
  const { scenario, kernel, results, host, outcome, reason } = result;
  const stats = result.files[FINAL_FILES.stats];
  const modules = result.files[FINAL_FILES.modules]?.split('\n').length;
  const lines = [
    `${scenario.name}: Linux ${kernel.release} in v86, ${counted(results.length, 'call')}`,
    '',
    ...tallyLines(results),
    '',
    ...callsText(results),
    ...(stats === undefined ? [] : [stats]),
    ...(modules === undefined ? [] : [`loaded    ${counted(modules - 1, 'module')}`]),
    ...(outcome === 'done'
      ? []
      : [`ended     ${outcome}: ${reason}`, `at        ${lastStep(result, steps)}`]),
    `time      user space after ${(host.userSpaceMs / 1000).toFixed(2)} s; ${(host.totalMs / 1000).toFixed(2)} s in all`,
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function callsText(results: readonly LinuxCallResult[]): string[] {
  const telling = results.filter(({ ret, log }) => ret === null || ret < 0 || log.length > 0);
  const shown = results.length <= CALLS_SHOWN ? results : telling.slice(0, CALLS_SHOWN);
  if (shown.length === 0) return [];
  const more = results.length - shown.length;
  const rest = more > 0 ? [`       and ${counted(more, 'call')} more, see --json`] : [];
  return [...shown.flatMap(callLines), ...rest, ''];
}

function tallyLines(results: readonly LinuxCallResult[]): string[] {
  const ops = new Map<string, Map<string, number>>();
  for (const { op, ret } of results) {
    const values = ops.get(op) ?? new Map<string, number>();
    ops.set(op, values);
    const value = valueText(ret !== null && ret > 0 && op === 'read' ? 0 : ret);
    values.set(value, (values.get(value) ?? 0) + 1);
  }
  return [...ops].map(([op, values], i) => {
    const counts = [...values].map(([value, count]) => `${value === '0' ? 'ok' : value} ${count}`);
    return `${i === 0 ? 'asked     ' : '          '}${op.padEnd(16)} ${counts.join('  ')}`;
  });
}

function valueText(ret: number | null): string {
  if (ret === null) return 'no answer';
  return ret < 0 ? errnoName(ret) : String(ret);
}

function callLines({ step, op, subject, ret, log, start_ns, end_ns }: LinuxCallResult): string[] {
  const time = end_ns === null ? '' : timeText(end_ns - start_ns);
  const call = `${op} ${subject}`;
  const rest = log.length - LINES_SHOWN;
  return [
    `${String(step).padStart(5)}  ${call.padEnd(48)} ${valueText(ret).padStart(9)} ${time.padStart(12)}`,
    ...log.slice(0, LINES_SHOWN).map((line) => `         ${line}`),
    ...(rest > 0 ? [`         and ${counted(rest, 'line')} more`] : []),
  ];
}

function lastStep({ completed_steps }: LinuxResult, steps: readonly Step[]): string {
  const step = steps[completed_steps];
  return step === undefined ? 'the end' : `step ${completed_steps}: ${JSON.stringify(step)}`;
}
