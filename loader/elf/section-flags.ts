// SPDX-License-Identifier: MIT
/**
 * Section flags as they stand when the layout begins: after rewrite_section_headers and the first
 * half of layout_and_allocate (kernel/module/main.c, Linux 6.12).
 */
import { hasPrefix } from './c-string.ts';
import { SHF } from './elf-constants.ts';
import type { ElfIndex, ElfKernel } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';

/** Read-only after init: found by name among the sections still allocated. */
const RO_AFTER_INIT_SECTIONS = ['.data..ro_after_init', '__jump_table'];

/** module_mark_ro_after_init(), kernel/module/strict_rwx.c, Linux 6.19, HAVE_STATIC_CALL_INLINE */
const STATIC_CALLS = [...RO_AFTER_INIT_SECTIONS, '.static_call_sites'];

/**
 * Low 32 bits of every section's flags. `__versions`, `.modinfo` and the per-cpu section lose
 * SHF_ALLOC; where a file has none of the three, section 0 loses it in their stead.
 */
export function sectionFlags(
  view: ElfView,
  index: ElfIndex,
  kernel?: Pick<ElfKernel, 'arch' | 'roAfterInit'>,
): Uint32Array {
  const { shnum } = view.header;
  const flags = new Uint32Array(shnum);
  for (let i = 0; i < shnum; i += 1) flags[i] = view.shFlags(i);
  for (const i of [index.vers, index.info, index.pcpu]) flags[i]! &= ~SHF.ALLOC;
  const every = kernel?.roAfterInit === 'all';
  const names = every && kernel.arch === 'x86_64' ? STATIC_CALLS : RO_AFTER_INIT_SECTIONS;
  for (const name of names) {
    for (let i = 1; i < shnum; i += 1) {
      if ((flags[i]! & SHF.ALLOC) === 0 || !view.nameIs(i, name)) continue;
      flags[i]! |= SHF.RO_AFTER_INIT;
      if (!every) break;
    }
  }
  return flags;
}

const INIT_PREFIXES = ['.init'];
const EXIT_PREFIXES = ['.exit'];
/** arch/arm/kernel/module.c */
const ARM_INIT_PREFIXES = ['.init', '.ARM.extab.init', '.ARM.exidx.init'];
const ARM_EXIT_PREFIXES = ['.exit', '.ARM.extab.exit', '.ARM.exidx.exit'];

/** Name prefixes of the sections that are freed after init (module_init_layout_section). */
function initPrefixes(kernel: ElfKernel): readonly string[] {
  const arm = kernel.arch === 'arm';
  const init = arm ? ARM_INIT_PREFIXES : INIT_PREFIXES;
  if (kernel.moduleUnload) return init;
  return [...init, ...(arm ? ARM_EXIT_PREFIXES : EXIT_PREFIXES)];
}

/** 1 for each allocated section that belongs to the init part. */
export function initSections(view: ElfView, flags: Uint32Array, kernel: ElfKernel): Uint8Array {
  const prefixes = initPrefixes(kernel);
  const init = new Uint8Array(flags.length);
  for (let i = 0; i < flags.length; i += 1) {
    if ((flags[i]! & SHF.ALLOC) === 0) continue;
    const at = view.nameAt(i);
    for (const prefix of prefixes) if (hasPrefix(view.bytes, at, prefix)) init[i] = 1;
  }
  return init;
}

/**
 * The order sections are placed in: a section goes with the first row whose `need` flags it has all
 * and whose `not` flags it has none of. The fifth row is for small data, which no architecture here
 * marks.
 */
export const LAYOUT_MASKS: readonly { readonly need: number; readonly not: number }[] = [
  { need: SHF.EXECINSTR | SHF.ALLOC, not: 0 },
  { need: SHF.ALLOC, not: SHF.WRITE },
  { need: SHF.RO_AFTER_INIT | SHF.ALLOC, not: 0 },
  { need: SHF.WRITE | SHF.ALLOC, not: 0 },
  { need: SHF.ALLOC, not: 0 },
];

/** ALIGN on an `unsigned int`, for any alignment a file may claim. */
export function align32(value: number, align: number): number {
  const mask = (align - 1) >>> 0;
  return (((value + mask) >>> 0) & ~mask) >>> 0;
}
