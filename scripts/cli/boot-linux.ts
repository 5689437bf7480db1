// SPDX-License-Identifier: MIT
// `modstorm verify --alone`: a scenario's steps on the real kernel alone, and what it says.

import { readdirSync } from 'node:fs';
import type { LinuxGuestFiles } from '../../emulator/linux/guest-cache.ts';
import { GuestMappingError } from '../../emulator/linux/scenario-ops.ts';
import { type LinuxScenarioRun, runScenarioOnLinux } from '../../emulator/linux/scenario-runner.ts';
import { type Scenario, scenarioSchema, stepSchema } from '../../loader/scenario/index.ts';
import { linuxScenarioOf } from '../verify/linux-scenario.ts';
import { guestFiles, openGuest } from '../verify/module-files.ts';
import type { CommandContext } from './command-context.ts';
import { InputError } from './input-error.ts';
import { linuxReport } from './linux-report.ts';
import { FINAL_FILES, kmsgText, linuxResult } from './linux-result.ts';
import { OutputDirectory } from './output-directory.ts';
import { Progress } from './progress.ts';
import type { RunOptions } from './run-command.ts';
import { loadScenario } from './scenario-loader.ts';

/** Scenario of its own: every module of the guest's kernel. */
const EVERY_MODULE = 'every-module';

export interface BootLinuxOptions extends Omit<RunOptions, 'scenario' | 'guest'> {
  readonly scenario?: string | undefined;
}

/** 0 when all steps were carried out, 1 when the kernel did not survive one. */
export async function bootLinux(
  options: BootLinuxOptions,
  context: CommandContext,
): Promise<number> {
  const guest = openGuest('xz', 'verify --alone');
  const scenario = scenarioOf(options, guest);
  const out =
    options.out === undefined ? undefined : new OutputDirectory(options.out, options.force);
  try {
    const { run, count } = await carryOut(scenario, guest, options, context);
    const result = linuxResult(scenario, run, count);
    if (out !== undefined) {
      out.write('result.json', `${JSON.stringify(result, null, 2)}\n`);
      for (const [name, path] of Object.entries(FINAL_FILES)) {
        out.write(name, result.files[path] ?? '');
      }
      out.write('kmsg', kmsgText(run.kmsg));
      out.write('trace.txt', run.trace);
      out.commit();
    }
    await context.write(
      options.json
        ? `${JSON.stringify(result, null, 2)}\n`
        : linuxReport(result, scenario.steps ?? []),
    );
    return run.outcome === 'done' ? 0 : 1;
  } finally {
    out?.discard();
  }
}

async function carryOut(
  scenario: Scenario,
  guest: LinuxGuestFiles,
  options: BootLinuxOptions,
  context: CommandContext,
): Promise<{ run: LinuxScenarioRun; count: number }> {
  const files = guestFiles(guest, options.modules);
  const progress = new Progress();
  const reads = Object.values(FINAL_FILES).map((path) => stepSchema.parse({ read: path }));
  const given = { ...scenario, steps: [...(scenario.steps ?? []), ...reads] };
  try {
    const { steps, linux } = linuxScenarioOf({
      scenario: given,
      files,
      guest,
      variant: 'xz',
      signal: context.signal,
      onProgress: (step, of) => progress.show(() => `step ${step} of ${of}`),
    });
    const onConsole = (line: string): void => {
      progress.clear();
      (options.json ? process.stderr : process.stdout).write(`${line}\n`);
    };
    const run = await runScenarioOnLinux({ ...linux, onConsole });
    progress.clear();
    context.throwIfInterrupted();
    return { run, count: steps.length };
  } catch (error) {
    progress.clear();
    if (!(error instanceof GuestMappingError)) throw error;
    const expected = 'steps the guest can run';
    throw new InputError({ file: scenario.name, expected, found: error.message });
  }
}

function scenarioOf(options: BootLinuxOptions, guest: LinuxGuestFiles): Scenario {
  const fixed = (file: string, given: unknown, expected: string): void => {
    if (given !== undefined) throw new InputError({ file, expected, found: String(given) });
  };
  fixed('--kernel', options.kernel, `nothing: the guest is Linux ${guest.release}`);
  fixed('--cpus', options.cpus, 'nothing: v86 has one CPU');
  if (options.scenario === undefined) return everyModule(guest);
  const { seed } = options;
  const { scenario, origin } = loadScenario(options.scenario, { seed, modules: guest.modules });
  if (scenario.steps !== undefined) return scenario;
  throw new InputError({ file: origin, expected: 'steps', found: 'a storm' });
}

/** As a boot would: each by its name, with what it depends on; self-tests of the kernel apart. */
function everyModule(guest: LinuxGuestFiles): Scenario {
  const names = readdirSync(guest.modules)
    .map((file) => file.replace(/\.ko$/, ''))
    .filter((name) => !name.startsWith('test_'))
    .sort();
  return scenarioSchema.parse({
    version: 1,
    name: EVERY_MODULE,
    modules: { dir: guest.modules },
    steps: names.map((name) => ({ modprobe: name })),
  });
}
