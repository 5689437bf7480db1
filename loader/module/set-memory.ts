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

/**
 * Changes the protection of a module's areas; on x86 each change purges the whole lazy list first
 * (module_set_memory, kernel/module/strict_rwx.c; change_page_attr_set_clr,
 * arch/x86/mm/pat/set_memory.c, Linux 6.12).
 */
function* setMemory(
  ctx: ModuleContext,
  mod: Module,
  types: readonly AreaPurpose[],
): Coroutine<void> {
  const { costs, engine } = ctx;
  for (const type of types) {
    if (!mod.memory.some((area) => area.purpose === type)) continue;
    ctx.space.vmUnmapAliases();
    yield* ctx.purges.spend();
    yield engine.work(costs.set_memory_ns + ctx.shared.broadcastNs);
  }
}

/** module_enable_rodata_ro() */
export function* enableRodataRo(
  ctx: ModuleContext,
  mod: Module,
  afterInit: boolean,
): Coroutine<void> {
  if (!ctx.features.strict_module_rwx) return;
  if (ctx.features.layout === 'two') {
    if (!afterInit) yield* setMemory(ctx, mod, ['core', 'init']);
    return;
  }
  yield* setMemory(ctx, mod, ['rodata', 'init_rodata']);
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
  yield* setMemory(
    ctx,
    mod,
    ctx.features.layout === 'two' ? ['core', 'init'] : ['text', 'init_text'],
  );
}
