// SPDX-License-Identifier: MIT
/**
 * Allocation flags as far as messages show them.
 * Follows include/linux/gfp_types.h and include/trace/events/mmflags.h, Linux 6.12.
 */
export const GFP = {
  GFP_DMA: 0x1,
  __GFP_HIGHMEM: 0x2,
  GFP_DMA32: 0x4,
  __GFP_MOVABLE: 0x8,
  __GFP_RECLAIMABLE: 0x10,
  __GFP_HIGH: 0x20,
  __GFP_IO: 0x40,
  __GFP_FS: 0x80,
  __GFP_ZERO: 0x100,
  __GFP_DIRECT_RECLAIM: 0x400,
  __GFP_KSWAPD_RECLAIM: 0x800,
  __GFP_WRITE: 0x1000,
  __GFP_NOWARN: 0x2000,
  __GFP_RETRY_MAYFAIL: 0x4000,
  __GFP_NOFAIL: 0x8000,
  __GFP_NORETRY: 0x1_0000,
  __GFP_MEMALLOC: 0x2_0000,
  __GFP_COMP: 0x4_0000,
  __GFP_NOMEMALLOC: 0x8_0000,
  __GFP_HARDWALL: 0x10_0000,
  __GFP_THISNODE: 0x20_0000,
  __GFP_ACCOUNT: 0x40_0000,
  GFP_ATOMIC: 0x820,
  GFP_NOWAIT: 0x2800,
  GFP_NOIO: 0xc00,
  GFP_NOFS: 0xc40,
  GFP_KERNEL: 0xcc0,
  GFP_KERNEL_ACCOUNT: 0x40_0cc0,
  GFP_USER: 0x10_0cc0,
  GFP_HIGHUSER: 0x10_0cc2,
  GFP_HIGHUSER_MOVABLE: 0x10_0cca,
} as const;

/** GFP_RECLAIM_MASK (mm/internal.h): what an inner allocation inherits from the outer one. */
export const GFP_RECLAIM_MASK =
  GFP.__GFP_DIRECT_RECLAIM |
  GFP.__GFP_KSWAPD_RECLAIM |
  GFP.__GFP_HIGH |
  GFP.__GFP_IO |
  GFP.__GFP_FS |
  GFP.__GFP_NOWARN |
  GFP.__GFP_RETRY_MAYFAIL |
  GFP.__GFP_NOFAIL |
  GFP.__GFP_NORETRY |
  GFP.__GFP_MEMALLOC |
  GFP.__GFP_NOMEMALLOC;

/** In the order `%pGg` tries them: combined names first. */
const PRINT_ORDER = [
  'GFP_HIGHUSER_MOVABLE',
  'GFP_HIGHUSER',
  'GFP_USER',
  'GFP_KERNEL_ACCOUNT',
  'GFP_KERNEL',
  'GFP_NOFS',
  'GFP_ATOMIC',
  'GFP_NOIO',
  'GFP_NOWAIT',
  'GFP_DMA',
  '__GFP_HIGHMEM',
  'GFP_DMA32',
  '__GFP_HIGH',
  '__GFP_IO',
  '__GFP_FS',
  '__GFP_NOWARN',
  '__GFP_RETRY_MAYFAIL',
  '__GFP_NOFAIL',
  '__GFP_NORETRY',
  '__GFP_COMP',
  '__GFP_ZERO',
  '__GFP_NOMEMALLOC',
  '__GFP_MEMALLOC',
  '__GFP_HARDWALL',
  '__GFP_THISNODE',
  '__GFP_RECLAIMABLE',
  '__GFP_MOVABLE',
  '__GFP_ACCOUNT',
  '__GFP_WRITE',
  '__GFP_DIRECT_RECLAIM',
  '__GFP_KSWAPD_RECLAIM',
] as const satisfies readonly (keyof typeof GFP)[];

/** `0xcc0` → `0xcc0(GFP_KERNEL)`: what `%#x(%pGg)` prints. */
export function formatGfp(gfp: number): string {
  const names: string[] = [];
  let rest = gfp;
  for (const name of PRINT_ORDER) {
    const bits = GFP[name];
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return `0x${gfp.toString(16)}(${names.join('|')})`;
}
