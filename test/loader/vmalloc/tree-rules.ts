// SPDX-License-Identifier: MIT
/** The rules a dumped free tree must keep, checked from the dump alone. */
import type { FreeBlockDump } from '../../../loader/vmalloc/index.ts';

/** Every broken rule, in words; none for a sound tree. */
export function brokenRules(blocks: readonly FreeBlockDump[]): string[] {
  const broken: string[] = [];
  const size = (b: FreeBlockDump): number => b.end - b.start;
  const linked = blocks.flatMap((b) => [b.left, b.right]).filter((i) => i >= 0);
  const roots = blocks.map((_, i) => i).filter((i) => !linked.includes(i));
  if (blocks.length > 0 && roots.length !== 1) broken.push(`${roots.length} roots`);
  if (new Set(linked).size !== linked.length) broken.push('a block has two parents');
  for (const [i, b] of blocks.entries()) {
    const before = blocks[i - 1];
    if (b.start >= b.end) broken.push(`block ${i} is empty`);
    if (before !== undefined && before.end >= b.start) broken.push(`block ${i} touches the last`);
    const children = [b.left, b.right].filter((c) => c >= 0).map((c) => blocks[c]!);
    if (b.red && children.some((c) => c.red)) broken.push(`red block ${i} has a red child`);
    const max = Math.max(size(b), ...children.map((c) => c.subtreeMax));
    if (b.subtreeMax !== max) broken.push(`block ${i} knows ${b.subtreeMax}, largest is ${max}`);
  }
  const root = roots[0];
  if (broken.length > 0 || root === undefined) return broken;
  if (blocks[root]!.red) broken.push('the root is red');
  // In-order walk gives addresses in order, and every path has as many black blocks.
  const order: number[] = [];
  const blackHeight = (i: number): number => {
    if (i < 0) return 0;
    const b = blocks[i]!;
    const left = blackHeight(b.left);
    order.push(i);
    const right = blackHeight(b.right);
    if (left !== right) broken.push(`block ${i} has black heights ${left} and ${right}`);
    return left + (b.red ? 0 : 1);
  };
  blackHeight(root);
  if (order.some((i, at) => i !== at)) broken.push('the walk is not in address order');
  return broken;
}
