// SPDX-License-Identifier: MIT
/**
 * Memory of a module before Linux 6.4: one core and one init area, each in parts that begin on page
 * boundaries with STRICT_MODULE_RWX (layout_sections in kernel/module/main.c and layout_symtab in
 * kernel/module/kallsyms.c, Linux 6.1).
 */
import { PAGE_SIZE } from '../base/index.ts';
import { countCoreSymbols } from './core-symbols.ts';
import { SHF } from './elf-constants.ts';
import type { ElfKernel, ModuleElf, ModuleLayoutBefore64, OldLayout } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { align32, initSections, LAYOUT_MASKS, sectionFlags } from './section-flags.ts';

interface Area {
  size: number;
  textSize: number;
  roSize: number;
  roAfterInitSize: number;
}

/** module_get_offset */
function place(area: Area, view: ElfView, section: number): void {
  const offset = align32(area.size, view.shAlignLow(section));
  area.size = (offset + view.shSizeLow(section)) >>> 0;
}

function layoutArea(
  view: ElfView,
  flags: Uint32Array,
  init: Uint8Array,
  isInit: 0 | 1,
  strict: boolean,
): Area {
  const area: Area = { size: 0, textSize: 0, roSize: 0, roAfterInitSize: 0 };
  const placed = new Uint8Array(flags.length);
  const strictAlign = () => {
    if (strict) area.size = align32(area.size, PAGE_SIZE);
    return area.size;
  };
  for (let m = 0; m < LAYOUT_MASKS.length; m += 1) {
    const { need, not } = LAYOUT_MASKS[m]!;
    for (let i = 0; i < flags.length; i += 1) {
      const f = flags[i]!;
      if ((f & need) !== need || (f & not) !== 0 || placed[i] !== 0 || init[i] !== isInit) continue;
      placed[i] = 1;
      place(area, view, i);
    }
    if (m === 0) area.textSize = strictAlign();
    else if (m === 1) area.roSize = strictAlign();
    // Init code has no such part: the end of its read-only part stands for it.
    else if (m === 2) area.roAfterInitSize = isInit ? area.roSize : strictAlign();
    else if (m === 4) strictAlign();
  }
  return area;
}

/** Core and init size; with STRICT_MODULE_RWX whole pages, without it only vmalloc rounds them. */
export function layoutBefore64(elf: ModuleElf, kernel: ElfKernel): ModuleLayoutBefore64 {
  const { view, index } = elf;
  const flags = sectionFlags(view, index, kernel);
  const inits = initSections(view, flags, kernel);
  const strict = kernel.strictModuleRwx;
  const core = layoutArea(view, flags, inits, 0, strict);
  const init = layoutArea(view, flags, inits, 1, strict);
  let overrun = false;
  if (kernel.kallsyms) {
    flags[index.sym]! |= SHF.ALLOC;
    inits[index.sym] = 1;
    place(init, view, index.sym);
    const counted = countCoreSymbols(view, index, kernel, flags, inits);
    overrun = counted.overrun;
    const symoffs = align32(core.size, view.shAlignLow(index.sym));
    const { ndst } = counted;
    core.size = (symoffs + ndst * view.cls.sym + counted.strsz + ndst) >>> 0;
    place(init, view, index.str);
    const end = align32(init.size, view.cls.kallsymsAlign) + view.cls.kallsyms + counted.nsrc;
    init.size = end >>> 0;
    if (strict) {
      core.size = align32(core.size, PAGE_SIZE);
      init.size = align32(init.size, PAGE_SIZE);
    }
  }
  const hazards = overrun ? ['a symbol name runs out of the file'] : [];
  return { core: { ...core } satisfies OldLayout, init: { ...init } satisfies OldLayout, hazards };
}
