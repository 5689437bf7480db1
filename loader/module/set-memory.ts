// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';
import type { AreaPurpose } from '../events/index.ts';
import type { ModuleContext } from './context.ts';
import type { Module } from './module.ts';

const DATA_TYPES: readonly AreaPurpose[] = [
  'data',
  'rodata',
  'ro_after_init',
  'init_data',
  'init_rodata',
];

/** frob_text() and frob_rodata() of core and init; with the same number of calls by type (6.4). */
const CALLS_BEFORE_69: readonly AreaPurpose[] = ['text', 'init_text', 'rodata', 'init_rodata'];

/**
 * Changes the protection of a module's areas; on x86 each change purges the whole lazy list first
 * (module_set_memory, kernel/module/strict_rwx.c; change_page_attr_set_clr,
 * arch/x86/mm/pat/set_memory.c, Linux 6.12).
 */
function* setMemory(
  ctx: ModuleContext,
  mod: Module,
  types: readonly AreaPurpose[],
  unchanged: readonly AreaPurpose[] = [],
): Coroutine<void> {
  const { costs, engine } = ctx;
  const always = ctx.features.protect === 'each_call';
  for (const type of types) {
    const there = mod.memory.some((area) => area.purpose === type || area.purpose === AREA[type]);
    if (!always && !there) continue;
    ctx.space.vmUnmapAliases();
    if (!there || unchanged.includes(type)) continue;
    yield* ctx.purges.spend();
    yield engine.work(costs.set_memory_ns);
  }
}

/** Where a type lies in a module of two areas (to 6.3). */
const AREA: Partial<Record<AreaPurpose, AreaPurpose>> = {
  text: 'core',
  rodata: 'core',
  init_text: 'init',
  init_rodata: 'init',
};

/** module_enable_rodata_ro() */
export function* enableRodataRo(
  ctx: ModuleContext,
  mod: Module,
  afterInit: boolean,
): Coroutine<void> {
  if (!ctx.features.strict_module_rwx) return;
  if (ctx.features.protect === 'each_call') {
    // Model: calls after init that find nothing to change take no time, nor do those of no pages;
    // read-only and executable text is one change, as the fitted times count it.
    const text = CALLS_BEFORE_69.slice(0, 2);
    const allDone = afterInit && ctx.features.layout === 'two';
    const untimed = allDone ? CALLS_BEFORE_69 : afterInit || ctx.features.nx ? text : [];
    yield* setMemory(ctx, mod, CALLS_BEFORE_69, untimed);
    if (afterInit) yield* setMemory(ctx, mod, ['ro_after_init']);
    return;
  }
  if (!afterInit || ctx.features.after_init === 'all') {
    yield* setMemory(ctx, mod, ['rodata', 'init_rodata']);
  }
  if (afterInit) yield* setMemory(ctx, mod, ['ro_after_init']);
}

/** module_enable_data_nx(): nothing on a CPU without NX. */
export function* enableDataNx(ctx: ModuleContext, mod: Module): Coroutine<void> {
  if (!ctx.features.strict_module_rwx || !ctx.features.nx) return;
  yield* setMemory(ctx, mod, ctx.features.layout === 'two' ? ['core', 'init'] : DATA_TYPES);
}

/** module_enable_text_rox(); without strict permissions only NX is cleared. */
export function* enableTextRox(ctx: ModuleContext, mod: Module): Coroutine<void> {
  if (!ctx.features.strict_module_rwx && !ctx.features.nx) return;
  // set_memory_x() alone, as before 6.9, changes nothing where there is no NX.
  if (ctx.features.protect === 'each_call' && !ctx.features.nx) return;
  yield* setMemory(ctx, mod, ['text', 'init_text']);
}
