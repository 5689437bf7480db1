// SPDX-License-Identifier: MIT
/** `modprobe -r` (rmmod_do_module, tools/modprobe.c, kmod 30). */

import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { Libkmod } from './libkmod.ts';
import { type ModprobeArgs, PRIORITY } from './modprobe-args.ts';
import type { ModprobeProcess } from './modprobe-process.ts';
import type { ModuleRef } from './module-index.ts';
import { strerror } from './strerror.ts';

/** O_NONBLOCK and O_TRUNC: KMOD_REMOVE_NOWAIT and KMOD_REMOVE_FORCE (libkmod.h). */
const NOWAIT = 0o4000;
const FORCE = 0o1000;
const MS = 1_000_000;

export type RemoveArgs = Pick<
  ModprobeArgs,
  'firstTime' | 'ignoreCommands' | 'removeHolders' | 'waitMs' | 'force' | 'dryRun' | 'showDepends'
>;

/** One run of `modprobe -r`. */
export interface Removal {
  readonly libkmod: Libkmod;
  readonly args: RemoveArgs;
  readonly process: ModprobeProcess;
  /** A remove command: its exit code. */
  readonly runCommand: (command: string, module: string) => Coroutine<number>;
}

interface RemoveFlags {
  readonly holders: boolean;
  /** Built-in modules are passed over. */
  readonly passBuiltin: boolean;
}

const PART: RemoveFlags = { holders: false, passBuiltin: true };

/**
 * Removes a module, its softdeps and what it needed and nobody else does: 0 or a negative errno.
 * What it needed is tried in the order of loading, so that of a chain only the end goes.
 */
export function* removeModule(
  removal: Removal,
  ref: ModuleRef,
  flags: RemoveFlags = { holders: removal.args.removeHolders, passBuiltin: false },
): Coroutine<number> {
  const { libkmod, args, process } = removal;
  const { index } = libkmod;
  const { name } = ref;
  const softdeps = args.ignoreCommands ? { pre: [], post: [] } : index.softdeps(name);
  const command = args.ignoreCommands ? undefined : index.removeCommand(name);
  if (command === undefined && !args.showDepends) {
    const state = yield* libkmod.initstate(name, ref.builtin);
    if (state === undefined) {
      if (!args.firstTime) return 0;
      process.log(`Module ${name} is not in kernel.`);
      return -ERRNO.ENOENT;
    }
    if (state === 'builtin') {
      if (flags.passBuiltin) return 0;
      process.log(`Module ${name} is builtin.`);
      return -ERRNO.ENOENT;
    }
  }
  yield* removeList(removal, softdeps.post, false);
  if (process.exited) return -ERRNO.EBUSY;
  if (flags.holders) {
    const holders = libkmod.kernel.holders(name);
    const refs = holders.map((holder) => ({ name: holder, alias: undefined, builtin: false }));
    const err = yield* removeList(removal, refs, true);
    if (err < 0 || process.exited) return err;
  }
  if (command !== undefined) {
    const err = yield* runRemove(removal, command, name);
    if (err < 0) return err;
    yield* removeList(removal, softdeps.pre, false);
    return err;
  }
  if (!args.showDepends && args.waitMs === 0 && (yield* refcnt(libkmod, name)) > 0) {
    process.log(`Module ${name} is in use.`);
    return -ERRNO.EBUSY;
  }
  const err = yield* removeOne(removal, name);
  if (err < 0) return err;
  for (const dep of index.module(name)?.dependencies ?? []) {
    if ((yield* refcnt(libkmod, dep)) === 0) yield* removeOne(removal, dep);
  }
  yield* removeList(removal, softdeps.pre, false);
  return err;
}

/** rmmod_do_modlist(): in reverse order. */
function* removeList(
  removal: Removal,
  refs: readonly ModuleRef[],
  stopOnErrors: boolean,
): Coroutine<number> {
  for (const ref of refs.toReversed()) {
    const err = yield* removeModule(removal, ref, PART);
    if (removal.process.exited || (err < 0 && stopOnErrors)) return err;
  }
  return 0;
}

/** command_do() of modprobe itself: the negative exit code. */
function* runRemove(removal: Removal, command: string, name: string): Coroutine<number> {
  removal.process.show(`remove ${command.replaceAll('$CMDLINE_OPTS', '')}`);
  if (removal.args.dryRun) return 0;
  const status = yield* removal.runCommand(command, name);
  if (status !== 0) removal.process.log(`Error running remove command for ${name}`);
  return -status;
}

/** rmmod_do_remove_module(): with `-w` it comes back, later each time, while the module is in use. */
function* removeOne(removal: Removal, name: string): Coroutine<number> {
  const { libkmod, args, process } = removal;
  const { engine } = libkmod.kernel;
  process.show(`rmmod ${name}`);
  if (args.dryRun) return 0;
  const flags = NOWAIT | (args.force ? FORCE : 0);
  let end = 0;
  let pause = 0;
  for (;;) {
    const err = yield* libkmod.kernel.deleteModule(name, flags);
    if (err < 0 && args.waitMs === 0) {
      const place = 'libkmod-module.c:856 kmod_module_remove_module()';
      process.library(PRIORITY.ERR, place, `could not remove '${name}': ${strerror(err)}`);
    }
    if (err === -ERRNO.EEXIST) {
      if (args.firstTime) process.log(`Module ${name} is not in kernel.`);
      return args.firstTime ? err : 0;
    }
    if (err !== -ERRNO.EAGAIN || args.waitMs === 0) {
      if (err < 0 && args.waitMs > 0) {
        process.err(`could not remove '${name}': ${strerror(err)}`);
      }
      return err;
    }
    const now = engine.now / MS;
    if (pause === 0) end = now + args.waitMs;
    pause = backoff(now, end, pause === 0 ? 1 : pause);
    if (pause === 0) {
      process.err(`could not remove '${name}': ${strerror(err)}`);
      return err;
    }
    yield* engine.sleep(Math.round(pause * MS), 'killable');
    if (engine.current?.pending === 'kill') return -ERRNO.EINTR;
  }
}

/** get_backoff_delta_msec() (shared/util.c, kmod 30): twice as long each time, then what is left. */
function backoff(now: number, end: number, before: number): number {
  let pause = before * 2;
  while (pause > 0 && now + pause > end) pause = Math.floor(pause / 2);
  return pause === 0 && end > now ? end - now : pause;
}

/** kmod_module_get_refcnt(): -ENOENT when the module is not there. */
function* refcnt(libkmod: Libkmod, name: string): Coroutine<number> {
  const { engine, costs } = libkmod.kernel;
  yield engine.work(costs.sysfs_read_ns);
  return libkmod.kernel.refcnt(name) ?? -ERRNO.ENOENT;
}
