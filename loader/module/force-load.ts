// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';

/** try_to_force_load(): 0 or -ENOEXEC. */
export function tryToForceLoad(ctx: ModuleContext, name: string, reason: string): number {
  if (!ctx.features.module_force_load) return -ERRNO.ENOEXEC;
  if (!ctx.taint.has('F')) {
    ctx.log.print(LOG_LEVEL.WARNING, `${name}: ${reason}: kernel tainted.`);
  }
  ctx.taint.add('F', true);
  return 0;
}
