// SPDX-License-Identifier: MIT
// `modstorm boot --guest linux`: a real Linux whose module requests the model answers.

import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AskingGuestResult, SavedState } from '../../emulator/linux/asking-guest.ts';
import { startAskingGuest } from '../../emulator/linux/asking-guest.ts';
import { guestCacheOf } from '../../emulator/linux/guest-cache.ts';
import { loadV86Wasm } from '../../emulator/v86/node-host.ts';
import {
  collectResult,
  type PreparedRun,
  prepareRun,
  recordArrivals,
  scenarioSchema,
} from '../../loader/scenario/index.ts';
import { openGuest } from '../verify/module-files.ts';
import { readImages } from './asking-images.ts';
import type { CommandContext } from './command-context.ts';
import { readState, removeState, stateKey, writeState } from './guest-state-file.ts';
import { takeTerminal } from './guest-terminal.ts';
import { InputError } from './input-error.ts';
import { OutputDirectory } from './output-directory.ts';
import { reportText } from './report.ts';
import type { RunOptions } from './run-command.ts';
import { RunOutputs } from './run-outputs.ts';
import {
  asInputError,
  type LoadedScenario,
  loadScenario,
  openDocument,
} from './scenario-loader.ts';
import { withOverrides } from './scenario-overrides.ts';

export interface BootAskingOptions extends Omit<RunOptions, 'scenario' | 'guest'> {
  /** A scenario whose kernel, machine and modules are used. */
  readonly scenario?: string | undefined;
  readonly exec?: string | undefined;
  readonly record?: string | undefined;
  readonly guestKernel?: string | undefined;
  readonly initramfs?: string | undefined;
  /** MiB of the guest. */
  readonly memory?: number | undefined;
  /** Boots from the start and keeps no state. */
  readonly cold: boolean;
}

const NAME = 'linux-session';
const MEMORY_MB = 256;
const COMMAND_LINE = 'console=ttyS0 quiet loglevel=3 nokaslr tsc=reliable';

/** 0 when the guest's work ended with 0, 1 when it did not or the guest failed. */
export async function bootAsking(
  options: BootAskingOptions,
  context: CommandContext,
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  if (options.exec === undefined && !(stdin.isTTY && stdout.isTTY)) {
    throw new InputError({
      file: 'boot --guest linux',
      expected: "a terminal, or --exec 'COMMANDS'",
      found: 'neither',
    });
  }
  if (options.record !== undefined) checkRecord(options.record, options.force);
  const { document, scenario, source, followed } = baseScenario(options);
  const out =
    options.out === undefined ? undefined : new OutputDirectory(options.out, options.force);
  const warn = (text: string): void => void stderr.write(`${text}\n`);
  try {
    const run = prepareRun(scenario, { source, followed });
    const outputs = out ? new RunOutputs(out, run.kernel) : undefined;
    const images = readImages(options, { root: run.kernel.tree.root, source }, warn);
    const memoryMb = options.memory ?? MEMORY_MB;
    const state = await quickStart(options, images, memoryMb, warn);
    const console = options.json ? stderr : stdout;
    let ready = false;
    const start = async (saved: SavedState | undefined) => {
      const guest = await startAskingGuest({
        wasm: await loadV86Wasm(),
        ...images,
        commandLine: COMMAND_LINE,
        memoryMb,
        run,
        command: options.exec,
        state: saved,
        onState: saved === undefined ? state.keep : undefined,
        // What is printed before the guest is ready is the boot's, not the work's.
        onConsole: (bytes) => void (ready ? console : stderr).write(bytes),
        onReady: (ms) => {
          ready = true;
          warn(`guest ready after ${(ms / 1000).toFixed(2)} s${saved ? ' (saved state)' : ''}`);
        },
        size: () => [stdout.rows ?? 0, stdout.columns ?? 0],
        signal: context.signal,
      });
      const giveBack =
        options.exec === undefined
          ? takeTerminal({ type: guest.type, leave: guest.stop })
          : () => {};
      try {
        return await guest.end;
      } finally {
        giveBack();
      }
    };
    const end = await start(state.saved).catch((error: unknown) => {
      if (state.saved === undefined) throw error;
      state.drop(`v86 does not take it: ${String(error)}`);
      return start(undefined);
    });
    context.throwIfInterrupted();
    complain(end, options, warn);
    const result = collectResult(run);
    outputs?.finish(run, result);
    out?.commit();
    if (options.record !== undefined) record(options.record, document, end);
    await report(options, context, run, end, result);
    for (const text of run.warnings()) warn(text);
    return end.how === 'exit' && end.status !== 0 ? 1 : 0;
  } catch (error) {
    throw asInputError(error, options.scenario ?? NAME);
  } finally {
    out?.discard();
  }
}

/** The kernel, machine and modules; `document` is what a record says of them. */
function baseScenario(options: BootAskingOptions): LoadedScenario & { document: object } {
  const storm = { arrivals: [] };
  if (options.scenario !== undefined) {
    const loaded = loadScenario(options.scenario, options);
    const { steps: _, ...rest } = loaded.scenario;
    const scenario = scenarioSchema.parse({ ...rest, storm });
    return { ...loaded, scenario, document: scenario };
  }
  const modules = options.modules ?? openGuest('xz', 'boot --guest linux').modules;
  const machine = { cpus: 1 };
  const document = { version: 1, name: NAME, machine, modules: { dir: '.' }, storm };
  const wanted = withOverrides(document, { ...options, modules: resolve(modules) }) as object;
  const loaded = openDocument(wanted, { base: process.cwd(), origin: NAME, shell: true });
  // Not what was taken from the modules: a replay takes it from them again.
  return { ...loaded, document: wanted };
}

/** The state to go on from, and how to keep or drop one. */
async function quickStart(
  options: BootAskingOptions,
  images: { bios: Uint8Array; bzImage: Uint8Array; initramfs: Uint8Array },
  memoryMb: number,
  warn: (text: string) => void,
) {
  if (options.cold) return { saved: undefined, keep: undefined, drop: () => {} };
  const v86 = createRequire(import.meta.url).resolve('v86/build/v86.wasm');
  const { readFileSync } = await import('node:fs');
  const wasm = createHash('sha256').update(readFileSync(v86)).digest('hex');
  const { bios, bzImage, initramfs } = images;
  const key = stateKey([wasm, bios, bzImage, initramfs, COMMAND_LINE, String(memoryMb)]);
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const path = join(guestCacheOf(root), 'states', `${key}.state`);
  const drop = (why: string): void => {
    warn(`saved state thrown away: ${why}`);
    removeState(path);
  };
  const found = readState(path);
  if (typeof found === 'string') drop(found);
  const saved = typeof found === 'string' ? undefined : found;
  const keep = (state: SavedState): void => {
    try {
      writeState(path, state);
    } catch (error) {
      warn(`state not kept: ${(error as Error).message}`);
    }
  };
  return { saved, keep, drop };
}

/** A guest that did not come to its end is bad input: its last lines say why. */
function complain(
  end: AskingGuestResult,
  options: BootAskingOptions,
  warn: (text: string) => void,
): void {
  if (end.how === 'exit' || end.how === 'aborted') return;
  for (const line of end.lastLines) warn(`| ${line}`);
  throw new InputError({
    file: options.guestKernel ?? options.initramfs ?? '--guest linux',
    expected: 'a guest that runs to its end',
    found: end.message,
  });
}

function checkRecord(path: string, force: boolean): void {
  if (!existsSync(path) || force) return;
  const expected = 'a file that does not exist (or --force)';
  throw new InputError({ file: path, expected, found: 'a file' });
}

/** Written whole or not at all. */
function record(path: string, base: object, end: AskingGuestResult): void {
  const document = { ...base, storm: { arrivals: recordArrivals(end.arrivals) } };
  const partial = `${path}.partial-${process.pid}`;
  try {
    writeFileSync(partial, `${JSON.stringify(document, null, 1)}\n`);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    const found = (error as Error).message;
    throw new InputError({ file: path, expected: 'a file that can be written', found });
  }
}

async function report(
  options: BootAskingOptions,
  context: CommandContext,
  run: PreparedRun,
  end: AskingGuestResult,
  result: ReturnType<typeof collectResult>,
): Promise<void> {
  const { how, status, readyMs, channel } = end;
  const guest = { how, status, ready_ms: readyMs ?? null, port: channel };
  if (options.json) {
    await context.write(`${JSON.stringify({ ...result, guest }, null, 2)}\n`);
    return;
  }
  if (run.observer.resultsTotal === 0) return;
  await context.write(`\n${reportText(result, { totalMs: performance.now() })}`);
}
