// SPDX-License-Identifier: MIT
import { type Bytes, ERRNO, pageAlign, pagesFor } from '../base/index.ts';
import { checkRwxSections, layoutBefore64, type ModMemType, type ModuleElf } from '../elf/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { AreaPurpose } from '../events/index.ts';
import type { ModuleContext } from './context.ts';
import { Module, type ModuleMemory } from './module.ts';
import type { ModuleCall } from './module-call.ts';

export type LayoutResult =
  | { readonly ok: true; readonly mod: Module }
  | { readonly ok: false; readonly errno: number };

const PURPOSE: Record<ModMemType, AreaPurpose> = {
  TEXT: 'text',
  DATA: 'data',
  RODATA: 'rodata',
  RO_AFTER_INIT: 'ro_after_init',
  INIT_TEXT: 'init_text',
  INIT_DATA: 'init_data',
  INIT_RODATA: 'init_rodata',
};

interface Part {
  readonly purpose: AreaPurpose;
  readonly size: Bytes;
}

/**
 * Lays a module out and allocates its memory, one area for each part in enum order; when one does
 * not fit, those before it are freed (layout_and_allocate and move_module, kernel/module/main.c,
 * Linux 6.12; core and init areas before v6.4).
 */
export function* layoutAndAllocate(
  ctx: ModuleContext,
  call: ModuleCall,
  elf: ModuleElf,
): Coroutine<LayoutResult> {
  const refused = checkRwxSections(elf, ctx.images.kernel);
  if (refused) {
    if (refused.message) ctx.log.print(refused.message.level, refused.message.text);
    return { ok: false, errno: refused.errno };
  }
  const layout = ctx.images.layout(elf);
  const { costs, engine } = ctx;
  yield engine.work(layout.kallsyms.nsrc * costs.kallsyms_symbol_ns);
  const { parts, core, init, text } = partsOf(ctx, elf);
  const memory: ModuleMemory[] = [];
  for (const { purpose, size } of parts) {
    const area = ctx.space.execmemAlloc({
      bytes: size,
      purpose,
      module: elf.name,
      request: call.request,
      caller: 'load_module',
    });
    if (!area) {
      for (const earlier of memory.reverse()) ctx.space.execmemFree(earlier.base);
      return { ok: false, errno: ERRNO.ENOMEM };
    }
    call.allocated += area.size;
    memory.push({ purpose, base: area.addr, size });
    yield ctx.engine.work(ctx.shared.vmapArea());
  }
  const pages = parts.reduce((sum, part) => sum + pagesFor(part.size), 0);
  yield* ctx.shared.fillPages(pages, costs.vmalloc_page_ns + costs.move_page_ns);
  const entries = ctx.features.layout === 'two' ? elf : ctx.images.facts(elf);
  return { ok: true, mod: new Module(elf, layout, memory, { core, init, text }, entries) };
}

function partsOf(
  ctx: ModuleContext,
  elf: ModuleElf,
): { parts: Part[]; core: Bytes; init: Bytes; text: Bytes } {
  if (ctx.features.layout === 'two') {
    const { core, init } = layoutBefore64(elf, ctx.images.kernel);
    const parts: Part[] = [
      { purpose: 'core', size: pageAlign(core.size) },
      { purpose: 'init', size: pageAlign(init.size) },
    ];
    return {
      parts: parts.filter((part) => part.size > 0),
      core: core.size,
      init: init.size,
      text: core.textSize + init.textSize,
    };
  }
  const layout = ctx.images.layout(elf);
  // A part so large that its page-aligned size wraps to 0 is asked for, and fails.
  const parts = layout.types
    .filter((mem) => mem.raw > 0)
    .map((mem) => ({ purpose: PURPOSE[mem.type], size: mem.size }));
  return { parts, core: layout.core, init: layout.init, text: layout.text };
}
