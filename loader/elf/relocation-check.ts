// SPDX-License-Identifier: MIT
/**
 * Which relocations a kernel refuses (apply_relocations in kernel/module/main.c and the
 * architectures' module.c, Linux 6.12).
 *
 * Model: what depends on addresses is taken to succeed: a value out of range of its field, and on
 * x86-64 a place that is not zero. So is a symbol or a place outside its table, which arm refuses
 * and the others follow; it is reported as a hazard. Livepatch relocations are not looked at.
 */

import { ERRNO } from '../base/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import { SHF, SHT } from './elf-constants.ts';
import type { ElfArch, ElfIndex, ElfKernel, RelocationRefusal } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { RELOCATIONS_MAX, RelocationTable } from './relocation.ts';
import { sectionFlags } from './section-flags.ts';

/** How one architecture takes relocations. */
interface ArchRelocations {
  /** The form it supports; the other is refused whole. */
  readonly form: 'rel' | 'rela';
  readonly known: ReadonlySet<number>;
  /** The line for an unknown type. */
  readonly unknown: (name: string, type: number) => string;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const ARCH_RELOCATIONS: Record<ElfArch, ArchRelocations> = {
  // R_386_32, R_386_PC32, R_386_PLT32
  i386: {
    form: 'rel',
    known: new Set([1, 2, 4]),
    unknown: (name, type) => `module: ${name}: Unknown relocation: ${type}`,
  },
  // R_X86_64_NONE, _64, _PC32, _PLT32, _32, _32S, _PC64
  x86_64: {
    form: 'rela',
    known: new Set([0, 1, 2, 4, 10, 11, 24]),
    unknown: (name, type) => `module: ${name}: Unknown rela relocation: ${type}`,
  },
  arm: {
    form: 'rel',
    known: new Set([
      0, 1, 2, 3, 10, 28, 29, 30, 38, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 57, 59, 63,
    ]),
    unknown: (name, type) => `${name}: unknown relocation: ${type}`,
  },
  // Data, MOVW, PC-relative, branches: all of R_AARCH64_NONE to _LDST128_ABS_LO12_NC but a few.
  arm64: {
    form: 'rela',
    known: new Set([0, ...range(256, 280), ...range(282, 293), 299]),
    unknown: (name, type) => `Modules: module ${name}: unsupported RELA relocation: ${type}`,
  },
};

export interface RelocationCheck {
  readonly refusal: RelocationRefusal | undefined;
  /** Relocations that read a symbol or write a place the file does not have. */
  readonly hazards: readonly string[];
}

const HAZARDS_MAX = 8;

/** Walks every relocation the kernel would apply, up to the first it refuses. */
export function checkRelocations(
  view: ElfView,
  index: ElfIndex,
  kernel: ElfKernel,
  name: string,
): RelocationCheck {
  const arch = ARCH_RELOCATIONS[kernel.arch];
  const { shnum } = view.header;
  const flags = sectionFlags(view, index);
  if (kernel.kallsyms) {
    flags[index.sym]! |= SHF.ALLOC;
    flags[index.str]! |= SHF.ALLOC;
  }
  const symbols = Math.floor(view.shSize(index.sym) / view.cls.sym);
  const hazards: string[] = [];
  let left = RELOCATIONS_MAX;
  const refusal = (section: number, type: number, text: string): RelocationCheck => ({
    refusal: {
      errno: ERRNO.ENOEXEC,
      message: { level: LOG_LEVEL.ERR, text },
      section,
      type,
    },
    hazards,
  });

  for (let i = 1; i < shnum; i += 1) {
    const target = view.shInfo(i);
    const percpu = kernel.percpuRelocations === true && target === index.pcpu && target !== 0;
    if (target >= shnum || ((flags[target]! & SHF.ALLOC) === 0 && !percpu)) continue;
    if ((flags[i]! & SHF.RELA_LIVEPATCH) !== 0) continue;
    const form = view.shType(i);
    if (form !== SHT.REL && form !== SHT.RELA) continue;
    if (form !== (arch.form === 'rel' ? SHT.REL : SHT.RELA)) {
      // The same words for both forms (include/linux/moduleloader.h).
      return refusal(i, 0, `module ${name}: REL relocation unsupported`);
    }
    const table = new RelocationTable(view, i, left);
    left -= table.count;
    const size = view.shSize(target);
    for (let r = 0; r < table.count; r += 1) {
      const type = table.type(r);
      const outside = table.sym(r) >= symbols || table.offset(r) + 4 > size;
      if (outside && hazards.length < HAZARDS_MAX) {
        hazards.push(`relocation ${r} of section ${i}: symbol or place outside its table`);
      }
      if (!arch.known.has(type)) return refusal(i, type, arch.unknown(name, type));
    }
  }
  return { refusal: undefined, hazards };
}
