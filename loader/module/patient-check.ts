// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { Coroutine, Task, WaitResult } from '../engine/index.ts';
import type { DuplicateReason } from '../stats/index.ts';
import type { ModuleContext } from './context.ts';

/**
 * Refuses a module whose name is taken, after waiting for the other load to end
 * (module_patient_check_exists, kernel/module/main.c, Linux 6.12). Called and left with
 * module_mutex held. Returns 0 or a negative errno.
 */
export function* modulePatientCheckExists(
  ctx: ModuleContext,
  name: string,
  reason: DuplicateReason,
): Coroutine<number> {
  const { modules } = ctx;
  if (ctx.features.going_rule === 'retry') return yield* waitUntilFree(ctx, name, reason);
  let old = modules.find(name);
  if (!old) return 0;
  if (old.state === 'coming' || old.state === 'unformed') {
    modules.mutex.unlock();
    const task = waitsForLoad(ctx, name);
    const waited = yield* waitFor(ctx, () => finishedLoading(ctx, name));
    task.reason = undefined;
    yield* lockToFind(ctx, 2);
    if (waited === 'interrupted') return -ERRNO.ERESTARTSYS;
    old = modules.find(name);
  }
  ctx.stats.addDuplicate(name, reason);
  return old?.state === 'live' ? -ERRNO.EEXIST : -ERRNO.EBUSY;
}

/**
 * Takes module_mutex and walks the list for a name, so often in a row (find_module_all()). Whoever
 * waits for a module has done so twice before it sleeps and twice when it is woken, once in
 * finished_loading().
 */
export function lockToFind({ modules, costs }: ModuleContext, walks: number): Coroutine<void> {
  return modules.mutex.lockFor(modules.size * costs.find_module_ns, walks);
}

/**
 * wait_event_interruptible(module_wq, …): each wake-up wakes all that wait for any module, one after
 * the other, and each takes module_mutex to look (finished_loading()).
 */
function* waitFor(ctx: ModuleContext, condition: () => boolean): Coroutine<WaitResult> {
  let asleep = false;
  const look = (): boolean => {
    const fulfilled = condition();
    if (!fulfilled && asleep) ctx.shared.wokenInVain();
    asleep = true;
    return fulfilled;
  };
  const waited = yield* ctx.modules.wq.waitEvent(look, 'interruptible', undefined, true);
  yield ctx.engine.work(ctx.shared.woken());
  return waited;
}

/** Notes what the running task is about to wait for. */
function waitsForLoad({ engine, modules }: ModuleContext, name: string): Task {
  const task = engine.current!;
  const what = `the load of ${name}, which has not ended`;
  const loaders = (): Task[] => [modules.find(name)?.loader].flatMap((one) => one ?? []);
  task.reason = { what, on: loaders };
  return task;
}

function finishedLoading(ctx: ModuleContext, name: string): boolean {
  const mod = ctx.modules.find(name);
  return !mod || mod.state === 'live' || mod.state === 'going';
}

/** Before 0254127ab977 (v6.2): whoever finds the name free again after a wait loads the module. */
function* waitUntilFree(
  ctx: ModuleContext,
  name: string,
  reason: DuplicateReason,
): Coroutine<number> {
  const { modules } = ctx;
  for (;;) {
    const old = modules.find(name);
    if (!old) return 0;
    if (old.state === 'live') {
      ctx.stats.addDuplicate(name, reason);
      return -ERRNO.EEXIST;
    }
    modules.mutex.unlock();
    const task = waitsForLoad(ctx, name);
    const waited = yield* waitFor(ctx, () => {
      const mod = modules.find(name);
      return !mod || mod.state === 'live';
    });
    task.reason = undefined;
    yield* lockToFind(ctx, 2);
    if (waited === 'interrupted') return -ERRNO.ERESTARTSYS;
  }
}
