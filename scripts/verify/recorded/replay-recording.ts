// SPDX-License-Identifier: MIT
// A recording laid beside the model, which is given the same steps.

import { GuestMappingError } from '../../../emulator/linux/scenario-ops.ts';
import { resolveKernel } from '../../../loader/presets/index.ts';
import { type Scenario, scenarioSchema } from '../../../loader/scenario/index.ts';
import { InputError } from '../../cli/input-error.ts';
import type { KernelVariant } from '../../cli/kernel-variant.ts';
import { type Comparison, compareRuns } from '../compare.ts';
import { sourceOf } from '../module-files.ts';
import { runModel } from '../run-model.ts';
import { refuseShuffledTests } from '../test-vmalloc-program.ts';
import type { RecordedFacts, Recording } from './recording.ts';
import { type RealFiles, recordedFiles } from './stand-in-files.ts';

export interface ReplayOptions {
  readonly facts: ReadonlyMap<string, RecordedFacts>;
  readonly real: RealFiles;
  /** Rules to replay under; without it, the preset whose rules hold for the recorded release. */
  readonly kernel?: KernelVariant | undefined;
}

export interface ReplayedRecording {
  readonly comparison: Comparison;
  readonly steps: number;
  /** Steps that were compared. */
  readonly compared: number;
  /** Rules that were used. */
  readonly kernel: string;
  readonly realFiles: number;
  readonly standIns: number;
  /** What could not be compared, one sentence each. */
  readonly notes: readonly string[];
  readonly modelMs: number;
}

export function replayRecording(recording: Recording, options: ReplayOptions): ReplayedRecording {
  const { observed, scenario, references } = recording;
  const notes: string[] = [];
  const steps = scenario.steps ?? [];
  const files = recordedFiles(recording, options.facts, options.real);
  const chosen = kernelOf(recording, options.kernel);
  if (chosen.note !== undefined) notes.push(chosen.note);
  let compared = recording.completed;
  if (recording.outcome !== 'done') {
    notes.push(`the recorded kernel ended with ${recording.outcome}: ${recording.reason}`);
  }
  const stop = firstMissing(steps.slice(0, compared), files.missing);
  if (stop !== undefined) {
    const { step, path } = stop;
    const left = compared - step;
    notes.push(
      `step ${step} needs ${path}: ${files.missing.get(path)}; the ${left} steps from there on are not compared (--modules DIR gives real files)`,
    );
    compared = step;
  }
  const shuffled = firstShuffled(steps.slice(0, compared));
  if (shuffled !== undefined) {
    notes.push(`step ${shuffled.step}: ${shuffled.reason}; nothing from there on is compared`);
    compared = shuffled.step;
  }
  const given = typeof scenario.kernel === 'object' ? scenario.kernel : undefined;
  const document = scenarioSchema.parse({
    ...scenario,
    userspace: {
      ...scenario.userspace,
      modprobe_conf: `${scenario.userspace.modprobe_conf}${helperSuccesses(recording)}`,
    },
    machine: { ...scenario.machine, costs: { ...scenario.machine.costs, ...chosen.costs } },
    kernel: {
      ...(given ?? {}),
      ...chosen.choice,
      release: recording.release,
      ...(given?.exports === undefined && options.facts.size > 0
        ? { exports: files.kernelExports }
        : {}),
    },
    steps: [],
  });
  const { model, modelMs } = runModel({
    scenario: { ...document, steps: steps.slice(0, compared) } as Scenario,
    source: sourceOf(files.files, recording.release),
    startsUs: recording.startsUs.slice(0, compared),
    references,
    allocator: [],
  });
  if (model.stuckAt !== null) notes.push(`the model never ends step ${model.stuckAt}`);
  const silent = recording.tracesAllocator
    ? observed
    : { ...observed, events: model.events.map(() => []) };
  const quiet = recording.tracesAllocator ? model : { ...model, events: [] };
  if (!recording.tracesAllocator) {
    notes.push('the recording has no allocator events: they are not compared');
  }
  const comparison = compareRuns(silent, quiet, compared);
  comparison.attributed.init_log += recording.initLines;
  comparison.attributed.interrupt += recording.interruptLines;
  return {
    comparison,
    steps: steps.length,
    compared,
    kernel: chosen.name,
    realFiles: files.real,
    standIns: files.standIns,
    notes,
    modelMs,
  };
}

/**
 * Names for which the recorded guest's modprobe said 0 without loading anything: get_fs_type() says
 * so in a line, and nothing else of the recording does.
 */
function helperSuccesses(recording: Recording): string {
  const { calls, otherLog } = recording.observed;
  const lines = [...calls.flatMap((call) => call.log), ...otherLog.flat()];
  const names = lines.flatMap((line) => {
    const found = /^request_module (fs-\S+) succeeded, but still no fs\?$/.exec(line);
    return found === null ? [] : [found[1]!];
  });
  return [...new Set(names)].map((name) => `\ninstall ${name} /bin/true\n`).join('');
}

/**
 * Fitted, no rule: with a grace period of this length, woken waiters free before the worker that
 * frees init memory, as in the recordings up to 6.5. A guest's modprobe takes longer than that
 * between two modules; where it is asked, the model's grace period stays what the document says.
 */
const GRACE_PERIOD_NS = 700_000;

function asksUserSpace({ scenario }: Recording): boolean {
  return /"(request_module|modprobe)"|trigger_config/.test(JSON.stringify(scenario.steps));
}

interface ChosenKernel {
  readonly name: string;
  readonly choice: Readonly<Record<string, unknown>>;
  readonly note?: string;
  readonly costs: Readonly<Record<string, number>>;
}

function kernelOf(recording: Recording, variant: KernelVariant | undefined): ChosenKernel {
  if (variant !== undefined) return { name: variant.name, choice: variant.choice, costs: {} };
  const resolved = resolveKernel(recording.release);
  if (resolved === undefined) {
    const expected = 'a kernel from 6.1 to 6.19, or --kernel';
    throw new InputError({ file: recording.file, expected, found: recording.release });
  }
  const { preset, note } = resolved;
  const choice = { base: recording.release.replace(/-.*/, '') };
  const early = preset.features.protect === 'each_call' && !asksUserSpace(recording);
  const costs = early ? { rcu_grace_period_ns: GRACE_PERIOD_NS } : {};
  return { name: preset.name, choice, costs, ...(note === undefined ? {} : { note }) };
}

/** The first step that opens a file nobody has. */
function firstMissing(
  steps: readonly object[],
  missing: ReadonlyMap<string, string>,
): { step: number; path: string } | undefined {
  if (missing.size === 0) return undefined;
  for (const [step, one] of steps.entries()) {
    const text = JSON.stringify(one);
    for (const path of missing.keys()) {
      if (text.includes(JSON.stringify(path))) return { step, path };
    }
  }
  return undefined;
}

function firstShuffled(steps: readonly object[]): { step: number; reason: string } | undefined {
  try {
    refuseShuffledTests(steps as Parameters<typeof refuseShuffledTests>[0]);
    return undefined;
  } catch (error) {
    if (!(error instanceof GuestMappingError)) throw error;
    return { step: error.step, reason: error.message };
  }
}
