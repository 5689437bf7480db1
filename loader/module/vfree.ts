// SPDX-License-Identifier: MIT
import { PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import { freeTime } from './kernel-read-file.ts';

/**
 * vfree() with the time it takes: the drain worker may come in before the array of page pointers of
 * a large area is freed (mm/vmalloc.c, Linux 6.12).
 */
export function* vfreeInTime(ctx: ModuleContext, addr: VirtAddr): Coroutine<void> {
  const area = ctx.space.vfreePages(addr);
  if (area === null) return;
  yield* freeTime(ctx, area.nrPages * PAGE_SIZE);
  if (area.pageArray !== null) ctx.space.vfree(area.pageArray.addr);
}
