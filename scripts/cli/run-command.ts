// SPDX-License-Identifier: MIT
import { collectResult, type PreparedRun, prepareRun } from '../../loader/scenario/index.ts';
import { driveSteps, type RunResult, Session } from '../../loader/session/index.ts';
import { Narrator } from '../../loader/view/index.ts';
import { Breath } from './breath.ts';
import type { CommandContext } from './command-context.ts';
import { OutputDirectory } from './output-directory.ts';
import { Progress } from './progress.ts';
import { type HostFigures, reportText } from './report.ts';
import { RunOutputs } from './run-outputs.ts';
import {
  asInputError,
  type LoadedScenario,
  loadScenario,
  type ScenarioOverrides,
} from './scenario-loader.ts';
import { printWarnings } from './warnings.ts';

export interface RunOptions extends ScenarioOverrides {
  readonly scenario: string;
  readonly out?: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
  /** Tells the run in sentences before the report. */
  readonly explain?: boolean;
  /** `storm`, or the path of a multiboot image; undefined replays without a guest. */
  readonly guest?: string | undefined;
}

/** `boot` and `replay`: runs a scenario, with or without a guest, and reports. */
export async function runCommand(options: RunOptions, context: CommandContext): Promise<number> {
  const loaded = loadScenario(options.scenario, options);
  const out =
    options.out === undefined ? undefined : new OutputDirectory(options.out, options.force);
  const progress = new Progress();
  try {
    const run = prepare(loaded, progress);
    const narrator = options.explain ? new Narrator() : undefined;
    if (narrator) run.kernel.events.attach(narrator);
    const outputs = out ? new RunOutputs(out, run.kernel) : undefined;
    const session = new Session(run.kernel, run.program, run.observer);
    const host = await serve(options, context, run, session, progress);
    progress.clear();
    const result = collectResult(run);
    outputs?.finish(run, result);
    out?.commit();
    if (narrator && !options.json) await context.write(narration(narrator));
    await print(options, context, result, host, narrator);
    printWarnings(run.warnings());
    for (const { step, member, path, expected, found } of result.unmet) {
      const place = `steps[${step}]${member === undefined ? '' : `.parallel[${member}]`}`;
      process.stderr.write(`${place}: ${path}: expected ${expected}, found ${found}\n`);
    }
    if (result.stuck.length > 0) {
      process.stderr.write('the run cannot end: a request is never answered\n');
      for (const sentence of result.stuck_text) process.stderr.write(`  ${sentence}\n`);
    }
    return result.unmet.length === 0 && result.stuck.length === 0 ? 0 : 1;
  } catch (error) {
    progress.clear();
    throw asInputError(error, loaded.origin);
  } finally {
    out?.discard();
  }
}

function prepare(loaded: LoadedScenario, progress: Progress): PreparedRun {
  return prepareRun(loaded.scenario, {
    source: loaded.source,
    followed: loaded.followed,
    onProgress: (done, total) => progress.show(() => `looking at modules: ${done} of ${total}`),
  });
}

async function serve(
  options: RunOptions,
  context: CommandContext,
  run: PreparedRun,
  session: Session,
  progress: Progress,
): Promise<HostFigures> {
  const status = (): string =>
    `${(run.kernel.engine.now / 1e6).toFixed(1)} ms simulated, ${run.kernel.events.emitted} events`;
  if (options.guest === undefined) {
    const breath = new Breath(context);
    for (const steps = driveSteps(session); !steps.next().done; ) {
      progress.show(status);
      await breath.take();
    }
    return { totalMs: performance.now() };
  }
  const timer = setInterval(() => progress.show(status), 100);
  try {
    const { bootImage } = await import('./boot-image.ts');
    const console = options.json ? process.stderr : process.stdout;
    const { firstRequestMs, totalMs } = await bootImage(options.guest, session, context, console);
    const started = performance.now() - totalMs;
    return {
      totalMs: performance.now(),
      ...(firstRequestMs === undefined ? {} : { firstRequestMs: started + firstRequestMs }),
    };
  } finally {
    clearInterval(timer);
  }
}

function narration({ sentences, left }: Narrator): string {
  const more = left > 0 ? `and ${left} more sentences\n` : '';
  return `${sentences.map((line) => `${line}\n`).join('')}${more}\n`;
}

async function print(
  options: RunOptions,
  context: CommandContext,
  result: RunResult,
  host: HostFigures,
  narrator?: Narrator,
): Promise<void> {
  if (!options.json) {
    await context.write(reportText(result, host));
    return;
  }
  const explained = narrator ? { explanation: narrator.sentences } : {};
  const document = { ...result, ...explained, host: { ...host } };
  await context.write(`${JSON.stringify(document, null, 2)}\n`);
}
