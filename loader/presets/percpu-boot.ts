// SPDX-License-Identifier: MIT
/** Room for per-CPU data that a kernel has set aside at boot, by architecture. */

import { type Bytes, PAGE_SIZE } from '../base/index.ts';
import type { Architecture } from './address-spaces.ts';

export interface PercpuBoot {
  /** For the static data of modules alone, in bytes; 0: they share the part for all. */
  readonly reserved: Bytes;
  /** The part for all: where it begins in a page, its size, what the boot took of it; in bytes. */
  readonly dynamic: { readonly start: Bytes; readonly size: Bytes; readonly used: Bytes };
}

/** PERCPU_MODULE_RESERVE, include/linux/percpu.h, without CONFIG_MEM_ALLOC_PROFILING. */
const MODULE_RESERVE: Bytes = 8 << 10;

/**
 * i386 reserves nothing for modules (arch/x86/kernel/setup_percpu.c, PERCPU_FIRST_CHUNK_RESERVE).
 * The sizes are those the Linux guest's kernel prints (`s94988 r0 d31988`); what the boot takes was
 * measured there, with one CPU: the first kilobyte-sized object of a module lies at 6,912.
 */
const I386: PercpuBoot = { reserved: 0, dynamic: { start: 780, size: 31_988, used: 6132 } };

/**
 * All others reserve PERCPU_MODULE_RESERVE. Two empty pages (PCPU_EMPTY_POP_PAGES_LOW, mm/percpu.c,
 * Linux 6.12) are left of the part for all at least: with fewer the boot itself makes a chunk.
 * Model: it is taken to leave no more.
 */
const OTHERS: PercpuBoot = {
  reserved: MODULE_RESERVE,
  dynamic: { start: 0, size: 2 * PAGE_SIZE, used: 0 },
};

/** What a machine of this architecture has. */
export function percpuBootOf(arch: Architecture): PercpuBoot {
  return arch === 'i386' ? I386 : OTHERS;
}
