// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import { freeKept, freeModule } from './free-module.ts';
import type { ModuleCall } from './module-call.ts';
import { wakeModuleWaiters } from './wake-waiters.ts';

/** O_TRUNC: force, with CONFIG_MODULE_FORCE_UNLOAD (include/uapi/asm-generic/fcntl.h). */
const O_TRUNC = 0o1000;

/** Longest module name with its terminator: MODULE_NAME_LEN. */
export function moduleNameLen(wordBits: 32 | 64): number {
  return 64 - wordBits / 8;
}

/** delete_module(2): kernel/module/main.c, Linux 6.12. Returns 0 or a negative errno. */
export function* deleteModule(
  ctx: ModuleContext,
  call: ModuleCall,
  name: string,
  flags: number,
): Coroutine<number> {
  const { modules } = ctx;
  call.stage = 'delete';
  call.module = name;
  yield ctx.engine.work(ctx.costs.syscall_ns);
  if (!ctx.permitted()) return -ERRNO.EPERM;
  if (name.length === 0 || name.length >= moduleNameLen(ctx.images.kernel.wordBits)) {
    return -ERRNO.ENOENT;
  }
  if (!(yield* modules.mutex.lock('interruptible'))) return -ERRNO.EINTR;
  const refuse = (errno: number): number => {
    modules.mutex.unlock();
    return -errno;
  };
  const mod = modules.findFormed(name);
  if (!mod) return refuse(ERRNO.ENOENT);
  if (mod.sources.length > 0) return refuse(ERRNO.EWOULDBLOCK);
  if (mod.state !== 'live') return refuse(ERRNO.EBUSY);
  const force = ctx.features.module_force_unload && (flags & O_TRUNC) !== 0;
  if (force) ctx.taint.add('R', true);
  if (mod.hasInit && !mod.hasExit && !force) return refuse(ERRNO.EBUSY);
  if (!mod.tryRelease() && !force) return refuse(ERRNO.EWOULDBLOCK);
  modules.setState(mod, 'going');
  modules.mutex.unlock();

  if (mod.hasExit) {
    yield ctx.engine.work(ctx.costs.exit_ns);
    if (mod.exitSleep > 0) yield* ctx.engine.sleep(mod.exitSleep);
  }
  yield* freeKept(ctx, mod);
  yield* freeModule(ctx, mod);
  yield* wakeModuleWaiters(ctx);
  call.stage = 'done';
  return 0;
}
