// SPDX-License-Identifier: MIT
/**
 * Chunks of the per-CPU allocator: congruent areas searched from the top of the window down.
 * Follows pcpu_get_vm_areas, mm/vmalloc.c, Linux 6.12.
 */

import type { Bytes, VirtAddr } from '../base/index.ts';
import type { AddressRange } from '../presets/index.ts';
import { NIL } from './free-blocks.ts';
import type { FreeTree } from './free-tree.ts';

/** One area of a chunk, at a fixed distance from the chunk's base. */
export interface PcpuGroup {
  readonly offset: Bytes;
  readonly size: Bytes;
}

/** Steps down from a block to the first with an aligned end above its start. */
class TopDown {
  readonly #tree: FreeTree;
  readonly #align: Bytes;
  readonly #end: VirtAddr;
  block: number;

  constructor(tree: FreeTree, align: Bytes, end: VirtAddr) {
    this.#tree = tree;
    this.#align = align;
    this.#end = end;
    this.block = tree.enclosing(end);
  }

  /** The highest aligned end at or below the current block, or null when there is none. */
  determineEnd(): VirtAddr | null {
    for (; this.block !== NIL; this.block = this.#tree.below(this.block)) {
      const end = Math.min(alignDown(this.#tree.endOf(this.block), this.#align), this.#end);
      if (this.#tree.startOf(this.block) < end) return end;
    }
    return null;
  }
}

/**
 * The highest base at which every group fits, all of it cut out of the tree; or null.
 * `groups` do not overlap; their offsets and sizes are multiples of `align`.
 */
export function takePcpuAreas(
  tree: FreeTree,
  window: AddressRange,
  groups: readonly PcpuGroup[],
  align: Bytes,
): VirtAddr | null {
  const base = findBase(tree, window, groups, align);
  if (base === null) return null;
  for (const { offset, size } of groups) {
    const start = base + offset;
    tree.clip(tree.enclosing(start), start, size);
  }
  return base;
}

function findBase(
  tree: FreeTree,
  window: AddressRange,
  groups: readonly PcpuGroup[],
  align: Bytes,
): VirtAddr | null {
  const lowest = Math.ceil(window.start / align) * align;
  const highest = alignDown(window.end, align);
  let last = 0;
  for (const [i, group] of groups.entries()) if (group.offset > groups[last]!.offset) last = i;
  let at = last;
  /** Once the scan comes round to this group with nothing moved, every group fits. */
  let settled = last;
  let group = groups[at]!;
  const cursor = new TopDown(tree, align, highest);
  let top = cursor.determineEnd();
  for (;;) {
    if (top === null) return null;
    const base = top - (group.offset + group.size);
    if (base < lowest || cursor.block === NIL) return null;
    if (base + group.offset + group.size > tree.endOf(cursor.block)) {
      top = cursor.determineEnd();
      settled = at;
      continue;
    }
    if (base + group.offset < tree.startOf(cursor.block)) {
      cursor.block = tree.below(cursor.block);
      top = cursor.determineEnd();
      settled = at;
      continue;
    }
    at = (at + groups.length - 1) % groups.length;
    if (at === settled) return base;
    group = groups[at]!;
    // The base stays; look where this group would end.
    top = base + group.offset + group.size;
    cursor.block = tree.enclosing(top);
  }
}

function alignDown(value: number, align: number): number {
  return Math.floor(value / align) * align;
}
