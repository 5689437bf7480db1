// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';

/**
 * wake_up_all(&module_wq) by the current task, which goes from one waiter to the next and returns
 * when the last is woken (__wake_up_common, kernel/sched/wait.c, Linux 6.12).
 * Model: on a machine of one CPU it takes no time, since none of them runs before the caller sleeps.
 */
export function* wakeModuleWaiters({ engine, modules, costs }: ModuleContext): Coroutine<void> {
  const { waiters } = modules.wq;
  modules.wq.wakeAll();
  if (waiters > 0 && engine.onlineCpus > 1) yield engine.work(waiters * costs.module_wake_ns);
}
