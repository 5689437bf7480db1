// SPDX-License-Identifier: MIT
// The document of a real kernel's run: what of a model's result a kernel can tell, by the same keys.

import type { KmsgRecord } from '../../emulator/linux/console-parser.ts';
import type { LinuxScenarioRun } from '../../emulator/linux/scenario-runner.ts';
import type { Scenario } from '../../loader/scenario/index.ts';
import type { CallResult } from '../../loader/session/index.ts';

/** Files read after the last step, by the name they are written under. */
export const FINAL_FILES = {
  stats: '/sys/kernel/debug/modules/stats',
  modules: '/proc/modules',
  vmallocinfo: '/proc/vmallocinfo',
} as const;

/** A call that never came back has neither value nor end. */
export interface LinuxCallResult
  extends Omit<CallResult, 'stage' | 'allocated_bytes' | 'ret' | 'end_ns'> {
  readonly ret: number | null;
  readonly end_ns: number | null;
}

export interface LinuxResult {
  readonly version: 1;
  readonly guest: 'linux';
  readonly scenario: { readonly name: string; readonly seed: number };
  readonly kernel: { readonly release: string };
  readonly machine: { readonly cpus: 1 };
  /** `done`, or how the kernel ended; `reason` in one line. */
  readonly outcome: LinuxScenarioRun['outcome'];
  readonly reason: string;
  readonly completed_steps: number;
  readonly results: readonly LinuxCallResult[];
  readonly files: Readonly<Record<string, string>>;
  /** Wall-clock milliseconds. */
  readonly host: { readonly userSpaceMs: number; readonly totalMs: number };
}

/**
 * Of a run of `count` steps: what the runner needed first, the scenario's own, and the reads of
 * {@link FINAL_FILES}.
 */
export function linuxResult(scenario: Scenario, run: LinuxScenarioRun, count: number): LinuxResult {
  const last = count - Object.keys(FINAL_FILES).length;
  const first = last - (scenario.steps?.length ?? 0);
  const start =
    run.calls.find(({ step, startUs }) => step >= first && startUs !== undefined)?.startUs ?? 0;
  const at = (us: number): number => Math.round((us - start) * 1000);
  const results: LinuxCallResult[] = [];
  const files: Record<string, string> = {};
  for (const { startUs, endUs, step, op, subject, ret, log, text, member } of run.calls) {
    if (step >= last) {
      if (text !== undefined) files[subject] = text;
      continue;
    }
    // What the runner needed itself, and what a kernel that crashed was never asked.
    if (step < first || step > run.completed) continue;
    results.push({
      step: step - first,
      ...(member === undefined ? {} : { member }),
      request: results.length,
      op,
      subject,
      cpu: 0,
      start_ns: at(startUs ?? start),
      end_ns: ret === null ? null : at(endUs ?? start),
      ret,
      log,
      ...(text === undefined ? {} : { text }),
    });
  }
  const { release, outcome, reason, completed, userSpaceMs, totalMs } = run;
  return {
    version: 1,
    guest: 'linux',
    scenario: { name: scenario.name, seed: scenario.seed },
    kernel: { release },
    machine: { cpus: 1 },
    outcome,
    reason,
    completed_steps: Math.max(0, Math.min(completed, last) - first),
    results,
    files,
    host: { userSpaceMs, totalMs },
  };
}

/** As /dev/kmsg has it. */
export function kmsgText(records: readonly KmsgRecord[]): string {
  return records
    .map(({ level, seq, timeUs, caller, text }) => {
      return `${level},${seq},${timeUs},-,caller=${caller};${text}\n`;
    })
    .join('');
}
