// SPDX-License-Identifier: MIT
// One case from its first step to its last, over as many boots as the kernel's crashes make needed.

import type { LinuxVariant } from '../../emulator/linux/guest-cache.ts';
import type { ObservedCall } from '../../emulator/linux/observed.ts';
import { addComparison, type Comparison, emptyComparison } from './compare.ts';
import type { VerifyCase } from './suite.ts';
import type { VerifyTarget } from './target.ts';
import { type VerifyOutcome, verifyScenario } from './verify-scenario.ts';

/** A step that the real kernel did not survive: nothing to compare. */
export interface Crash {
  readonly step: number;
  readonly call: string;
  readonly reason: string;
}

export interface CaseResult {
  readonly name: string;
  readonly steps: number;
  readonly boots: number;
  readonly comparison: Comparison;
  readonly crashes: readonly Crash[];
  /** Different modules that the real kernel's /proc/modules showed, in the order of their names. */
  readonly modules: readonly string[];
  /** Wall-clock milliseconds: the guest in all, its steps alone, and the model. */
  readonly linuxMs: number;
  readonly stepsMs: number;
  readonly modelMs: number;
}

export interface CaseOptions {
  readonly target: VerifyTarget;
  readonly variant: LinuxVariant;
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: number, of: number) => void;
  /** Told of each crash as it happens, and of what disagrees up to there. */
  readonly onCrash?: (crash: Crash, comparison: Comparison) => void;
}

/** A guest that begins no operation for so long hangs; a long trace can take a busy machine 40 s. */
const STALL_MS = 180_000;
/** Time to reach user space, on a busy machine. */
const START_MS = 120_000;
const BOOT_LIMIT_MS = 900_000;
const MOST_BOOTS = 40;

export async function runCase(
  { scenario, files }: VerifyCase,
  options: CaseOptions,
): Promise<CaseResult> {
  const all = scenario.steps ?? [];
  const comparison = emptyComparison();
  const crashes: Crash[] = [];
  const seen = new Set<string>();
  let first = 0;
  let boots = 0;
  let linuxMs = 0;
  let stepsMs = 0;
  let modelMs = 0;
  while (first < all.length) {
    const part = { ...scenario, steps: all.slice(first) };
    const offset = first;
    const onProgress = (step: number): void => options.onProgress?.(offset + step, all.length);
    const outcome = await withStallWatch({ ...options, onProgress }, (watched) =>
      verifyScenario({
        ...watched,
        guest: options.target.guest,
        host: options.target.host,
        scenario: part,
        files,
        offset,
        timeoutMs: BOOT_LIMIT_MS,
      }),
    );
    options.signal?.throwIfAborted();
    boots += 1;
    const { linux } = outcome;
    addComparison(comparison, outcome.comparison);
    for (const name of modulesShown(linux.calls)) seen.add(name);
    linuxMs += linux.totalMs;
    stepsMs += linux.totalMs - linux.userSpaceMs;
    modelMs += outcome.modelMs;
    if (linux.outcome === 'done') break;
    if (boots === MOST_BOOTS || linux.release === '') {
      throw new Error(`the guest ended with ${linux.outcome}: ${linux.reason}`);
    }
    const crash = crashOf(outcome, offset);
    crashes.push(crash);
    options.onCrash?.(crash, comparison);
    // Steps that the runner put before the scenario's own are not counted.
    first = offset + linux.completed - (outcome.steps.length - part.steps.length) + 1;
  }
  const { name } = scenario;
  const steps = all.length;
  const modules = [...seen].sort();
  return { name, steps, boots, comparison, crashes, modules, linuxMs, stepsMs, modelMs };
}

function modulesShown(calls: readonly ObservedCall[]): string[] {
  const texts = calls.filter(({ subject }) => subject === '/proc/modules');
  return texts
    .flatMap(({ text = '' }) => text.split('\n').flatMap((line) => line.split(' ', 1)))
    .filter((name) => name !== '');
}

function crashOf({ linux, steps }: VerifyOutcome, offset: number): Crash {
  const step = steps[linux.completed];
  const words = JSON.stringify(step);
  const what = linux.outcome === 'aborted' ? 'hangs' : linux.outcome;
  return { step: offset + linux.completed, call: words, reason: `${what}: ${linux.reason}` };
}

/** Ends a guest that makes no progress, as a hang. */
async function withStallWatch<T>(
  options: CaseOptions,
  run: (options: CaseOptions) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) stop.abort();
  let timer = setTimeout(onAbort, START_MS);
  const onProgress = (step: number, of: number): void => {
    clearTimeout(timer);
    timer = setTimeout(onAbort, STALL_MS);
    options.onProgress?.(step, of);
  };
  try {
    return await run({ ...options, signal: stop.signal, onProgress });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}
