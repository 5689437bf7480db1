// SPDX-License-Identifier: MIT
/**
 * Which symbols of a module stay after its init, for kallsyms (is_core_symbol and the first half of
 * layout_symtab, kernel/module/kallsyms.c, Linux 6.12).
 */
import { StringLengths } from './c-string.ts';
import { SHF } from './elf-constants.ts';
import type { ElfIndex, ElfKernel } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { findModinfo } from './modinfo.ts';

export interface CoreSymbols {
  /** Symbols in the file's table. */
  readonly nsrc: number;
  /** Symbols kept. */
  readonly ndst: number;
  /** Bytes of the kept names, each with its NUL, as an unsigned int. */
  readonly strsz: number;
  /** A name ran out of the file. */
  readonly overrun: boolean;
}

/** Whether `is_livepatch_module` holds: marked as such, on a kernel that supports it. */
function isLivepatch(view: ElfView, index: ElfIndex, kernel: ElfKernel): boolean {
  if (!kernel.livepatch) return false;
  const area = {
    bytes: view.bytes,
    start: view.shOffset(index.info),
    size: view.shSize(index.info),
  };
  return findModinfo(area, 'livepatch') >= 0;
}

/**
 * `flags` and `init` describe the sections as they stand when the symbol table has just been
 * placed: allocated, in the init part.
 */
export function countCoreSymbols(
  view: ElfView,
  index: ElfIndex,
  kernel: ElfKernel,
  flags: Uint32Array,
  init: Uint8Array,
): CoreSymbols {
  const { shnum } = view.header;
  const need = kernel.kallsymsAll ? SHF.ALLOC : SHF.ALLOC | SHF.EXECINSTR;
  const kept = new Uint8Array(shnum);
  for (let i = 1; i < shnum; i += 1) {
    if ((flags[i]! & need) === need && init[i] === 0) kept[i] = 1;
  }
  if (kernel.kallsymsAll && index.pcpu !== 0) kept[index.pcpu] = 1;
  const all = isLivepatch(view, index, kernel);

  const { data, cls, wide } = view;
  const strtab = view.shOffset(index.str);
  const lengths = new StringLengths(view.bytes);
  const nsrc = Math.floor(view.shSize(index.sym) / cls.sym);
  const shndxAt = wide ? 6 : 14;
  let at = view.shOffset(index.sym);
  let ndst = 0;
  let strsz = 0;
  for (let i = 0; i < nsrc; i += 1, at += cls.sym) {
    const name = data.getUint32(at, true);
    if (i !== 0 && !all) {
      if (name === 0) continue;
      const shndx = data.getUint16(at + shndxAt, true);
      if (shndx >= shnum || kept[shndx] === 0) continue;
    }
    ndst += 1;
    strsz += lengths.at(view.pointer(strtab, name)) + 1;
  }
  return { nsrc, ndst, strsz: strsz >>> 0, overrun: lengths.overrun };
}
