/** `modprobe -r` (rmmod_do_module, tools/modprobe.c, kmod 30). */

import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import { runInstallCommand } from './install-command.ts';
import type { Libkmod } from './libkmod.ts';
import type { ModprobeArgs } from './modprobe-args.ts';
import type { ModuleRef } from './module-index.ts';
import { strerror } from './strerror.ts';

/** O_NONBLOCK: KMOD_REMOVE_NOWAIT (libkmod.h) */
const NOWAIT = 0o4000;

type RemoveArgs = Pick<ModprobeArgs, 'firstTime' | 'ignoreInstall'>;

/**
 * Removes a module, its softdeps and what it needed and nobody else does: 0 or a negative errno.
 * What it needed is tried in the order of loading, so that of a chain only the end goes.
 * `inner` is set for softdeps, among which built-in modules are passed over.
 */
export function* removeModule(
  libkmod: Libkmod,
  ref: ModuleRef,
  args: RemoveArgs,
  stderr: string[],
  inner = false,
): Coroutine<number> {
  const { index } = libkmod;
  const { name } = ref;
  const softdeps = args.ignoreInstall ? { pre: [], post: [] } : index.softdeps(name);
  const command = args.ignoreInstall ? undefined : index.removeCommand(name);
  if (command === undefined) {
    const state = yield* libkmod.initstate(name, ref.builtin);
    if (state === undefined) {
      if (!args.firstTime) return 0;
      stderr.push(`modprobe: FATAL: Module ${name} is not in kernel.`);
      return -ERRNO.ENOENT;
    }
    if (state === 'builtin') {
      if (inner) return 0;
      stderr.push(`modprobe: FATAL: Module ${name} is builtin.`);
      return -ERRNO.ENOENT;
    }
  }
  for (const dep of softdeps.post.toReversed()) {
    yield* removeModule(libkmod, dep, args, stderr, true);
  }
  if (command === undefined) {
    if ((yield* refcnt(libkmod, name)) > 0) {
      stderr.push(`modprobe: FATAL: Module ${name} is in use.`);
      return -ERRNO.EBUSY;
    }
    const err = yield* libkmod.kernel.deleteModule(name, NOWAIT);
    if (err < 0) {
      stderr.push(`modprobe: ERROR: could not remove '${name}': ${strerror(err)}`);
      return err;
    }
    for (const dep of index.module(name)?.dependencies ?? []) {
      if ((yield* refcnt(libkmod, dep)) === 0) yield* libkmod.kernel.deleteModule(dep, NOWAIT);
    }
  } else if ((yield* runInstallCommand(libkmod, command, '', 0)) !== 0) {
    return -ERRNO.EINVAL;
  }
  for (const dep of softdeps.pre.toReversed()) {
    yield* removeModule(libkmod, dep, args, stderr, true);
  }
  return 0;
}

/** kmod_module_get_refcnt(): -ENOENT when the module is not there. */
function* refcnt(libkmod: Libkmod, name: string): Coroutine<number> {
  const { engine, costs } = libkmod.kernel;
  yield engine.work(costs.sysfs_read_ns);
  return libkmod.kernel.refcnt(name) ?? -ERRNO.ENOENT;
}
