// SPDX-License-Identifier: MIT
/** Runs a scenario in slices, so that the page is answered meanwhile. */

import { exactTime } from '../../../loader/base/index.ts';
import {
  CompileError,
  collectResult,
  type PreparedRun,
  prepareRun,
} from '../../../loader/scenario/index.ts';
import { driveSteps, Session } from '../../../loader/session/index.ts';
import type { GivenFile } from '../messages.ts';
import { resultSchema } from '../result-file.ts';
import type { RunSettings } from '../run-settings.ts';
import { bootStorm } from './guest.ts';
import { Recording } from './recording.ts';
import { GivenProblem, readScenario } from './scenario-input.ts';

export interface RunAsked {
  readonly scenario: string | null;
  readonly files: readonly GivenFile[];
  readonly settings: RunSettings;
}

export interface RunWatcher {
  /** The recording has begun to fill. */
  started(recording: Recording): void;
  progress(phase: string, t: number, events: number): void;
  console(text: string): void;
  /** Aborted when the run is to end where it is. */
  readonly signal: AbortSignal;
}

const SLICE_MS = 30;
const REPORT_MS = 100;

/** The whole run. Throws GivenProblem for what the user can put right. */
export async function runScenario(asked: RunAsked, watcher: RunWatcher): Promise<Recording> {
  watcher.progress('looking at modules', 0, 0);
  const { scenario, source, note } = await readScenario(
    asked.scenario,
    asked.files,
    asked.settings,
  );
  try {
    const run = prepareRun(scenario, { source });
    const recording = record(run);
    recording.note = note;
    watcher.started(recording);
    const session = new Session(run.kernel, run.program, run.observer);
    const report = (phase: string): void =>
      watcher.progress(phase, run.kernel.engine.now, run.kernel.events.emitted);
    if (asked.settings.guest) await boot(session, report, watcher);
    else await replay(session, report, watcher.signal);
    if (watcher.signal.aborted) {
      recording.cut = `stopped at ${exactTime(recording.map.last.t)}: the run went on after this`;
    }
    const result = collectResult(run);
    recording.resultText = `${JSON.stringify(result, null, 2)}\n`;
    recording.result = resultSchema.parse(result);
    return recording;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new GivenProblem(`${scenario.name}: ${error.place}: ${error.message}`);
  }
}

function record(run: PreparedRun): Recording {
  const { kernel, scenario } = run;
  const recording = new Recording(kernel.space.preset, {
    title: scenario.name,
    kernel: String(run.kernelBlock.base),
    cpus: kernel.options.cpus,
    initial: kernel.space.areas(),
  });
  kernel.events.attach(recording);
  return recording;
}

async function boot(
  session: Session,
  report: (phase: string) => void,
  watcher: RunWatcher,
): Promise<void> {
  const timer = setInterval(() => report('guest running'), REPORT_MS);
  try {
    report('starting v86');
    const booted = await bootStorm(session, watcher);
    if (booted.exit === 'done' || booted.exit === 'aborted') return;
    throw new GivenProblem(`the guest did not run to its end: ${booted.message}`);
  } finally {
    clearInterval(timer);
  }
}

async function replay(
  session: Session,
  report: (phase: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let looked = performance.now();
  let reported = 0;
  for (const steps = driveSteps(session); !steps.next().done; ) {
    const now = performance.now();
    if (now - looked < SLICE_MS) continue;
    if (now - reported >= REPORT_MS) {
      report('replaying');
      reported = now;
    }
    await breathe();
    if (signal.aborted) return;
    looked = performance.now();
  }
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Lets messages in; a timer would cost 4 ms a time. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
