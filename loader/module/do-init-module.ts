// SPDX-License-Identifier: MIT
import { ERRNO, pagesFor, type VirtAddr } from '../base/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import { INIT_WORK, type InitWork } from '../presets/index.ts';
import type { ModuleContext } from './context.ts';
import { freeKept, freeModule } from './free-module.ts';
import type { InitBehaviour } from './init-behaviour.ts';
import type { Module } from './module.ts';
import type { ModuleCall } from './module-call.ts';
import { modulePut, tryModuleGet } from './resolve-symbols.ts';
import { enableRodataRo } from './set-memory.ts';
import { SYSFS_FILES } from './shared-hardware.ts';
import { vfreeInTime } from './vfree.ts';
import { wakeModuleWaiters } from './wake-waiters.ts';

const INIT_PURPOSES: ReadonlySet<string> = new Set([
  'init',
  'init_text',
  'init_data',
  'init_rodata',
]);

/**
 * Runs a module's init, makes the module LIVE and hands its init memory over to be freed; or
 * takes everything back when init fails (do_init_module, kernel/module/main.c, Linux 6.12).
 * Returns what the system call returns.
 */
export function* doInitModule(
  ctx: ModuleContext,
  call: ModuleCall,
  mod: Module,
): Coroutine<number> {
  const { modules, stats } = ctx;
  const total = mod.totalSize;
  const text = mod.textSize;
  const ret = mod.hasInit ? yield* watchedInit(ctx, call, mod) : 0;
  if (ret < 0) {
    modules.setState(mod, 'going');
    yield* ctx.rcu.synchronize();
    modulePut(ctx, mod, 'do_init_module');
    yield* freeModule(ctx, mod);
    yield* wakeModuleWaiters(ctx);
    return ret;
  }
  if (ret > 0) warnPositive(ctx, mod, ret);

  modules.setState(mod, 'live');
  mod.loader = undefined;
  // Since 67d6212afda2 (v5.18), whether or not this task has scheduled any.
  if (!mod.asyncProbe) yield* ctx.asyncWorks.synchronizeFull();
  yield* modules.mutex.lock();
  modulePut(ctx, mod, 'do_init_module');
  yield* enableRodataRo(ctx, mod, true);
  const init = mod.memory.filter((area) => INIT_PURPOSES.has(area.purpose));
  mod.memory = mod.memory.filter((area) => !INIT_PURPOSES.has(area.purpose));
  mod.initSize = 0;
  ctx.initFree.queue(init);
  modules.mutex.unlock();
  yield* wakeModuleWaiters(ctx);

  stats.add('total_text_size', text, call.request);
  stats.add('total_mod_size', total, call.request);
  stats.add('modcount', 1, call.request);
  return 0;
}

function* watchedInit(ctx: ModuleContext, call: ModuleCall, mod: Module): Coroutine<number> {
  for (const watch of ctx.initWatchers) watch(mod.name, 'start');
  const ret = yield* runInit(ctx, call, mod);
  for (const watch of ctx.initWatchers) watch(mod.name, 'finish');
  return ret;
}

/** The module's own init, as the scenario describes it. */
function* runInit(ctx: ModuleContext, call: ModuleCall, mod: Module): Coroutine<number> {
  const program = ctx.initPrograms.get(mod.name);
  if (program) return yield* program(mod.args);
  const behaviour = ctx.initBehaviour(mod.name);
  if (!behaviour) {
    yield ctx.engine.work(ctx.costs.init_ns);
    const work = INIT_WORK[mod.name];
    if (work) yield* doWork(ctx, work);
    return 0;
  }
  mod.exitSleep = behaviour.exitSleep ?? 0;
  mod.keptInOrder = behaviour.exitInOrder ?? false;
  for (const name of behaviour.holds ?? []) {
    const held = ctx.modules.find(name);
    if (held && tryModuleGet(ctx, held, `${mod.name}_init`)) mod.held.push(held);
  }
  const used: VirtAddr[] = [];
  const kept = yield* allocateForInit(ctx, call, mod, behaviour.keeps);
  mod.kept = kept.areas;
  let { ok } = kept;
  if (ok) {
    const scratch = yield* allocateForInit(ctx, call, mod, behaviour.uses);
    used.push(...scratch.areas);
    ok = scratch.ok;
  }
  for (const bytes of behaviour.tries ?? []) {
    used.push(...(yield* allocateForInit(ctx, call, mod, [bytes])).areas);
  }
  const { async, requests = [] } = behaviour;
  if (async) {
    ctx.asyncWorks.schedule(function* () {
      yield* ctx.engine.sleep(async.duration);
      for (const request of async.requests) yield* ctx.initRequest(mod.name, request, true);
    });
  }
  for (const request of requests) yield* ctx.initRequest(mod.name, request, false);
  yield* spend(ctx, behaviour);
  for (const base of behaviour.usesInOrder ? used : used.reverse()) yield* vfreeInTime(ctx, base);
  const ret = ok ? behaviour.ret : -ERRNO.ENOMEM;
  if (ret < 0) yield* freeKept(ctx, mod);
  return ret;
}

/** The pieces of a known init, each through what it shares with others. */
function* doWork(ctx: ModuleContext, work: InitWork): Coroutine<void> {
  const { engine, costs, shared } = ctx;
  const { hotplugStates = 0, files = 0, filesPerCpu = 0, algorithms = 0 } = work;
  const cpus = engine.onlineCpus;
  if (hotplugStates > 0) yield* engine.sleep(hotplugStates * cpus * costs.hotplug_cpu_ns);
  const entries = Math.ceil(files + filesPerCpu * cpus);
  if (entries > 0) yield* shared.sysfs(entries, costs.sysfs_ns / SYSFS_FILES);
  if (algorithms > 0) yield* engine.sleep(algorithms * costs.crypto_alg_ns);
}

function* spend(ctx: ModuleContext, behaviour: InitBehaviour): Coroutine<void> {
  if (behaviour.sleeps) yield* ctx.engine.sleep(behaviour.duration);
  else yield ctx.engine.work(behaviour.duration);
}

function* allocateForInit(
  ctx: ModuleContext,
  call: ModuleCall,
  mod: Module,
  sizes: readonly number[],
): Coroutine<{ ok: boolean; areas: VirtAddr[] }> {
  const areas: VirtAddr[] = [];
  for (const bytes of sizes) {
    const area = ctx.space.vmalloc({
      bytes,
      caller: `${mod.name}_init [${mod.name}]`,
      purpose: 'keep',
      module: mod.name,
      request: call.request,
    });
    if (!area) return { ok: false, areas };
    call.allocated += area.size;
    areas.push(area.addr);
    yield ctx.engine.work(ctx.shared.vmapArea());
    yield* ctx.shared.fillPages(pagesFor(bytes), ctx.costs.vmalloc_page_ns);
  }
  return { ok: true, areas };
}

function warnPositive(ctx: ModuleContext, mod: Module, ret: number): void {
  // One record of two lines.
  ctx.log.print(
    LOG_LEVEL.WARNING,
    `do_init_module: '${mod.name}'->init suspiciously returned ${ret}, it should follow 0/-E convention\n` +
      'do_init_module: loading module anyway...',
  );
}
