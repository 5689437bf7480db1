// SPDX-License-Identifier: MIT
/** The text of /proc/vmallocinfo (vmalloc_info_show, mm/vmalloc.c, Linux 6.12). */
import { formatAddress } from '../base/index.ts';
import { VM, type VmArea } from './area.ts';
import type { VmapAllocator } from './vmap-allocator.ts';
import type { Range } from './vmap-node.ts';

/** The words of a line, in the order they are printed. */
const FLAG_WORDS: readonly (readonly [number, string])[] = [
  [VM.IOREMAP, 'ioremap'],
  [VM.SPARSE, 'sparse'],
  [VM.ALLOC, 'vmalloc'],
  [VM.MAP, 'vmap'],
  [VM.USERMAP, 'user'],
  [VM.DMA_COHERENT, 'dma-coherent'],
];

/**
 * Node by node: the busy areas by address; then the parked ones. Addresses are not hashed.
 * Model: all memory is on NUMA node 0.
 */
export function formatVmallocinfo(allocator: VmapAllocator): string {
  const byNode: string[][] = allocator.nodes.map(() => []);
  for (const area of allocator.busy.inOrder()) {
    if ((area.flags & VM.UNINITIALIZED) !== 0) continue;
    byNode[allocator.nodeIdOf(area.addr)]!.push(busyLine(allocator, area));
  }
  const lines = byNode.flat();
  for (const range of allocator.lazyRanges()) {
    lines.push(`${rangeOf(allocator, range)} unpurged vm_area\n`);
  }
  return lines.join('');
}

function rangeOf({ preset }: VmapAllocator, area: Range): string {
  const start = formatAddress(preset, area.addr);
  const end = formatAddress(preset, area.addr + area.size);
  return `0x${start}-0x${end} ${String(area.size).padStart(7)}`;
}

function busyLine(allocator: VmapAllocator, area: VmArea): string {
  let line = rangeOf(allocator, area);
  if ((area.flags & VM.VMAP_RAM) !== 0) return `${line} vm_map_ram\n`;
  if (area.caller !== '') line += ` ${area.caller}`;
  if (area.nrPages > 0) line += ` pages=${area.nrPages}`;
  if (area.phys !== 0) {
    line += ` phys=0x${area.phys.toString(16).padStart(allocator.preset.wordBits / 4, '0')}`;
  }
  for (const [flag, word] of FLAG_WORDS) if ((area.flags & flag) !== 0) line += ` ${word}`;
  if (area.vpages) line += ' vpages';
  if (allocator.preset.numa && area.nrPages > 0) line += ` N0=${area.nrPages}`;
  return `${line}\n`;
}
