// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';
import { percpuModfree } from './percpu-data.ts';
import { modulePut, moduleUnloadFree } from './resolve-symbols.ts';
import { vfreeInTime } from './vfree.ts';
import { wakeModuleWaiters } from './wake-waiters.ts';

/** Takes a module off the list: woken waiters look again, RCU readers are waited for. */
export function* unlinkModule(
  ctx: ModuleContext,
  mod: Module,
  wakeWaiters: boolean,
): Coroutine<void> {
  yield* ctx.modules.mutex.lock();
  ctx.modules.remove(mod);
  if (wakeWaiters) yield* wakeModuleWaiters(ctx);
  yield* ctx.rcu.synchronize();
  ctx.modules.mutex.unlock();
}

/**
 * free_mod_mem(): every area goes, DATA last since it holds struct module; each free purges the
 * lazy list. Of two areas init goes first (free_module and module_deallocate, Linux 6.3).
 */
export function* freeModMem(ctx: ModuleContext, mod: Module): Coroutine<void> {
  const last = ctx.features.layout === 'two' ? 'core' : 'data';
  const order = [
    ...mod.memory.filter((area) => area.purpose !== last),
    ...mod.memory.filter((area) => area.purpose === last),
  ];
  mod.memory = [];
  for (const area of order) ctx.space.execmemFree(area.base);
  yield* ctx.purges.spend(order.length);
}

/** free_module(), kernel/module/main.c, Linux 6.12 */
export function* freeModule(ctx: ModuleContext, mod: Module): Coroutine<void> {
  ctx.tracer.emit({ kind: 'module_free', name: mod.name });
  mod.inSysfs = false;
  yield* ctx.shared.moduleSysfs();
  yield* ctx.modules.mutex.lock();
  ctx.modules.setState(mod, 'unformed');
  ctx.modules.mutex.unlock();
  yield* moduleUnloadFree(ctx, mod);
  yield* unlinkModule(ctx, mod, false);
  yield* percpuModfree(ctx, mod);
  yield* freeModMem(ctx, mod);
}

/** What an exit function gives back: references and areas its init had kept. */
export function* freeKept(ctx: ModuleContext, mod: Module): Coroutine<void> {
  for (const held of mod.held) modulePut(ctx, held, `${mod.name}_exit`);
  mod.held = [];
  const kept = mod.keptInOrder ? mod.kept : mod.kept.reverse();
  mod.kept = [];
  for (const base of kept) yield* vfreeInTime(ctx, base);
}
