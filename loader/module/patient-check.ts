import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
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
    const waited = yield* modules.wq.waitEvent(() => finishedLoading(ctx, name), 'interruptible');
    yield* awake(ctx);
    yield* modules.mutex.lock();
    if (waited === 'interrupted') return -ERRNO.ERESTARTSYS;
    old = modules.find(name);
  }
  ctx.stats.addDuplicate(name, reason);
  return old?.state === 'live' ? -ERRNO.EEXIST : -ERRNO.EBUSY;
}

/** wake_up_all() wakes one task after the other, and each has to get a CPU again. */
function* awake({ modules, engine, costs }: ModuleContext): Coroutine<void> {
  yield* modules.wakeTurn.lock();
  yield engine.work(costs.module_wake_ns);
  modules.wakeTurn.unlock();
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
    const waited = yield* modules.wq.waitEvent(() => {
      const mod = modules.find(name);
      return !mod || mod.state === 'live';
    }, 'interruptible');
    yield* awake(ctx);
    yield* modules.mutex.lock();
    if (waited === 'interrupted') return -ERRNO.ERESTARTSYS;
  }
}
