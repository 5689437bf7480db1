// SPDX-License-Identifier: MIT
/**
 * Where the vmalloc space and the module space lie, per architecture.
 * Follows arch/{x86,arm,arm64}/include/asm and arch/x86/mm/pgtable_32.c, Linux 6.12.
 */

import { type Bytes, formatAddress, parseAddress, type VirtAddr } from '../base/index.ts';

/** [start, end), as offsets from the preset's `base`. */
export interface AddressRange {
  readonly start: VirtAddr;
  readonly end: VirtAddr;
}

export type Architecture = 'i386' | 'x86-64' | 'arm32' | 'arm64';

export interface AddressSpacePreset {
  readonly name: string;
  readonly arch: Architecture;
  readonly wordBits: 32 | 64;
  /** Address of offset 0. A multiple of every alignment the kernel asks for. */
  readonly base: bigint;
  /** VMALLOC_START and VMALLOC_END. On x86-64 the end is one byte short of a page, as there. */
  readonly vmallocStart: VirtAddr;
  readonly vmallocEnd: VirtAddr;
  /** MODULES_VADDR to MODULES_END, or the vmalloc window itself. */
  readonly modules: AddressRange | 'vmalloc';
  /** Where execmem looks when `modules` is full. */
  readonly modulesFallback?: AddressRange | 'vmalloc';
  /** Alignment of a module part (MODULE_ALIGN on x86, 1 elsewhere). */
  readonly moduleAlign: Bytes;
  /** NR_CPUS of the build; it sizes the vmap blocks. */
  readonly nrCpus: number;
  readonly ioremapMaxOrder: number;
  /** VMAP_MAX_ALLOC: the largest vm_map_ram() that goes into a vmap block, in pages. */
  readonly vmapMaxAlloc: number;
  /** atom_size of the per-CPU allocator: the alignment of its chunks. */
  readonly pcpuAtomSize: Bytes;
  /** kvmalloc() and vmalloc_huge() try 2 MiB pages (HAVE_ARCH_HUGE_VMALLOC). */
  readonly hugeVmalloc: boolean;
  /** CONFIG_NUMA: vmallocinfo ends a line with the pages of each node. */
  readonly numa: boolean;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;

const I386 = {
  arch: 'i386',
  wordBits: 32,
  base: 0n,
  modules: 'vmalloc',
  moduleAlign: 4096,
  nrCpus: 8,
  ioremapMaxOrder: 22,
  vmapMaxAlloc: 32,
  pcpuAtomSize: 4096,
  hugeVmalloc: false,
  numa: false,
} as const;

/** `VMALLOC_END` of an i386 kernel built for 8 or 16 CPUs. */
const I386_VMALLOC_END = 0xfeffe000;
/** VMALLOC_OFFSET: the hole between the direct map and the window. */
const I386_VMALLOC_OFFSET = 8 * MIB;

/** Booted with `vmalloc=128M`: exactly 32,768 pages. */
const I386_128M: AddressSpacePreset = {
  ...I386,
  name: 'i386-128m',
  vmallocStart: 0xf6ffe000,
  vmallocEnd: I386_VMALLOC_END,
};

/** The default reserve of 128 MiB less the 8 MiB hole: 30,720 pages. */
const I386_HIGHMEM: AddressSpacePreset = {
  ...I386,
  name: 'i386-highmem',
  vmallocStart: 0xf77fe000,
  vmallocEnd: I386_VMALLOC_END,
};

/** Debian's 686 kernel: 32 CPUs push everything 4 MiB down. */
const I386_DEBIAN: AddressSpacePreset = {
  ...I386,
  name: 'i386-debian',
  vmallocStart: 0xf73fe000,
  vmallocEnd: 0xfebfe000,
  nrCpus: 32,
};

/** x86-64, 4-level page tables, memory bases not randomised. */
const X86_64: AddressSpacePreset = {
  name: 'x86-64',
  arch: 'x86-64',
  wordBits: 64,
  base: 0xffff800000000000n,
  vmallocStart: 0x490000000000,
  vmallocEnd: 0x490000000000 + 32 * TIB - 1,
  modules: { start: 0x7fffc0000000, end: 0x7fffff000000 },
  moduleAlign: 4096,
  nrCpus: 8192,
  ioremapMaxOrder: 30,
  vmapMaxAlloc: 64,
  pcpuAtomSize: 2 * MIB,
  hugeVmalloc: true,
  numa: true,
};

/** ARMv7 with highmem and ARM_MODULE_PLTS: 240 MiB, modules below the direct map. */
const ARM32: AddressSpacePreset = {
  name: 'arm32',
  arch: 'arm32',
  wordBits: 32,
  base: 0n,
  vmallocStart: 0xf0800000,
  vmallocEnd: 0xff800000,
  modules: { start: 0xbf000000, end: 0xbfe00000 },
  modulesFallback: 'vmalloc',
  moduleAlign: 1,
  nrCpus: 4,
  ioremapMaxOrder: 19,
  vmapMaxAlloc: 32,
  pcpuAtomSize: 4096,
  hugeVmalloc: false,
  numa: false,
};

/**
 * arm64, 48-bit addresses, 4 KiB pages.
 * Model: the kernel image takes no room, so the 128 MiB for direct branches end at MODULES_END.
 */
const ARM64: AddressSpacePreset = {
  name: 'arm64',
  arch: 'arm64',
  wordBits: 64,
  base: 0xffff000000000000n,
  vmallocStart: 128 * TIB + 2 * GIB,
  vmallocEnd: 0xfdffbf800000,
  modules: { start: 128 * TIB + 2 * GIB - 128 * MIB, end: 128 * TIB + 2 * GIB },
  modulesFallback: { start: 128 * TIB, end: 128 * TIB + 2 * GIB },
  moduleAlign: 1,
  nrCpus: 512,
  ioremapMaxOrder: 30,
  vmapMaxAlloc: 64,
  pcpuAtomSize: 2 * MIB,
  hugeVmalloc: true,
  numa: true,
};

export const DEFAULT_ADDRESS_SPACE = 'i386-128m';

/** The bundled address spaces, by name. */
export const ADDRESS_SPACES: ReadonlyMap<string, AddressSpacePreset> = new Map(
  [I386_128M, I386_HIGHMEM, I386_DEBIAN, X86_64, ARM32, ARM64].map((p) => [p.name, p]),
);

/** A preset, or why there is none. */
export type PresetResult =
  | { readonly ok: true; readonly preset: AddressSpacePreset }
  | { readonly ok: false; readonly message: string };

/** The bundled preset called `name`. */
export function addressSpace(name: string): PresetResult {
  const preset = ADDRESS_SPACES.get(name);
  if (preset) return { ok: true, preset };
  const names = [...ADDRESS_SPACES.keys()].join(', ');
  return { ok: false, message: `unknown address space "${name}", expected one of ${names}` };
}

/**
 * `like` with its window moved to [start, end), both hexadecimal (`0x` optional). Both must be
 * page-aligned and leave at least one page plus its guard between them.
 */
export function customAddressSpace(
  start: string,
  end: string,
  like: AddressSpacePreset = I386_128M,
): PresetResult {
  const lo = parseAddress(like, start);
  if (!lo.ok) return { ok: false, message: `window start: ${lo.message}` };
  const hi = parseAddress(like, end);
  if (!hi.ok) return { ok: false, message: `window end: ${hi.message}` };
  for (const [what, text, va] of [
    ['start', start, lo.addr],
    ['end', end, hi.addr],
  ] as const) {
    if (va % 4096 !== 0) {
      return { ok: false, message: `window ${what} ${text} is not a multiple of 4096` };
    }
  }
  if (lo.addr === 0)
    return { ok: false, message: 'window start is 0, expected above the null page' };
  if (hi.addr - lo.addr < 2 * 4096) {
    return { ok: false, message: `window ${start} to ${end} holds less than two pages` };
  }
  const name = `${formatAddress(like, lo.addr)}-${formatAddress(like, hi.addr)}`;
  return {
    ok: true,
    preset: { ...like, name, vmallocStart: lo.addr, vmallocEnd: hi.addr },
  };
}

/**
 * An i386 kernel booted with `vmalloc=<mib>M` on a machine with highmem: the window is exactly
 * that size, and the direct map ends 8 MiB below it (arch/x86/mm/init_32.c).
 */
export function vmallocBootOption(mib: number): PresetResult {
  const start = I386_VMALLOC_END - mib * MIB;
  const floor = 0xc0000000 + I386_VMALLOC_OFFSET;
  if (!Number.isInteger(mib) || mib < 1 || start < floor) {
    const most = Math.floor((I386_VMALLOC_END - floor) / MIB);
    return { ok: false, message: `vmalloc=${mib}M: expected whole megabytes from 1 to ${most}` };
  }
  return {
    ok: true,
    preset: { ...I386, name: `i386-${mib}m`, vmallocStart: start, vmallocEnd: I386_VMALLOC_END },
  };
}
