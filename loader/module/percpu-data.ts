// SPDX-License-Identifier: MIT
import { type Bytes, ERRNO, PAGE_SIZE } from '../base/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';

/** PCPU_MIN_UNIT_SIZE, PCPU_MIN_ALLOC_SIZE (include/linux/percpu.h) */
const PERCPU_MAX: Bytes = 32 * 1024;
const PERCPU_MIN_ALIGN: Bytes = 4;

/**
 * percpu_modalloc(), kernel/module/main.c, Linux 6.12: room for a module's static per-CPU data. It
 * comes from what the kernel has reserved for modules at boot, or from where all per-CPU data lies,
 * which may need a new chunk of the vmalloc space. Returns 0 or -ENOMEM.
 */
export function percpuModalloc(ctx: ModuleContext, mod: Module): number {
  const { percpu } = mod.elf;
  if (!percpu || percpu.size === 0) return 0;
  if (!ctx.features.smp) return -ERRNO.ENOMEM;
  const warn = (text: string): void => ctx.log.print(LOG_LEVEL.WARNING, `${mod.name}: ${text}`);
  const { size } = percpu;
  let { align } = percpu;
  if (align > PAGE_SIZE) {
    const printed = ctx.images.kernel.wordBits === 32 ? align | 0 : align;
    warn(`per-cpu alignment ${printed} > ${PAGE_SIZE}`);
    align = PAGE_SIZE;
  }
  align = Math.max(align, PERCPU_MIN_ALIGN);
  // Numbers beyond these are refused before anything is looked for.
  const legal = size <= PERCPU_MAX && (align & (align - 1)) === 0;
  const area = legal ? ctx.percpu().allocReserved(size, align) : null;
  if (area === null) {
    warn(`Could not allocate ${size} bytes percpu data`);
    return -ERRNO.ENOMEM;
  }
  mod.percpu = area;
  return 0;
}

/** percpu_modfree(), right before the module's memory goes. What it wakes may go first. */
export function* percpuModfree(ctx: ModuleContext, mod: Module): Coroutine<void> {
  const area = mod.percpu;
  if (area === undefined) return;
  mod.percpu = undefined;
  const percpu = ctx.percpu();
  if (!percpu.release(area)) return;
  percpu.scheduleBalance();
  yield ctx.engine.work(1);
}
