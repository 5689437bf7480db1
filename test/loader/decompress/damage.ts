// SPDX-License-Identifier: MIT
import { crc32 } from '../../../loader/decompress/index.ts';
import { below, seededRandom } from './seeded-random.ts';

/** Ways to damage a stream: not at all, anywhere, or where its format does not check it at once. */
export type DamageKind = 'none' | 'anywhere' | 'xz behind its checks' | 'zstd inside its blocks';

/**
 * A damaged copy of `stream`. Golden files name damage by kind and seed: a change here makes them
 * worthless.
 */
export function damaged(kind: DamageKind, stream: Uint8Array, seed: number): Uint8Array {
  if (kind === 'none') return stream.slice();
  const random = seededRandom(seed);
  if (kind === 'zstd inside its blocks') return damageZstdBlocks(stream, random);
  const copy = damageAnywhere(stream, random);
  return kind === 'anywhere' ? copy : repairXzChecks(copy);
}

function damageAnywhere(stream: Uint8Array, random: () => number): Uint8Array {
  const copy = stream.slice();
  const way = below(random, 6);
  if (way === 0) return copy.subarray(0, below(random, copy.length + 1));
  const times = way < 4 ? 1 : 1 + below(random, 4);
  for (let time = 0; time < times; time++) {
    const near = random() < 0.4 ? Math.min(copy.length, 40) : copy.length;
    change(copy, below(random, near), random, 0.5);
  }
  return way === 5 && random() < 0.5 ? copy.subarray(0, below(random, copy.length + 1)) : copy;
}

function change(bytes: Uint8Array, at: number, random: () => number, bitShare: number): void {
  if (at >= bytes.length) return;
  if (random() < bitShare) bytes[at] = bytes[at]! ^ (1 << below(random, 8));
  else bytes[at] = below(random, 256);
}

/** Makes the CRCs of the stream header, the first block header and the footer right again. */
function repairXzChecks(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 24) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(8, crc32(bytes, 6, 8), true);
  const blockHeader = 12 + (bytes[12]! + 1) * 4;
  if (bytes[12] !== 0 && blockHeader <= bytes.length) {
    view.setUint32(blockHeader - 4, crc32(bytes, 12, blockHeader - 4), true);
  }
  if (bytes.length > 40) {
    const footer = bytes.length - 12;
    view.setUint32(footer, crc32(bytes, footer + 4, footer + 10), true);
  }
  return bytes;
}

interface Block {
  readonly at: number;
  readonly size: number;
}

function zstdBlocks(bytes: Uint8Array): Block[] {
  const descriptor = bytes[4]!;
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [0, 2, 4, 8][descriptor >> 6]! || (single ? 1 : 0);
  let at = 5 + (single ? 0 : 1) + sizeBytes;
  const blocks: Block[] = [];
  while (at + 3 <= bytes.length) {
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const size = ((header >> 1) & 3) === 1 ? 1 : header >> 3;
    blocks.push({ at: at + 3, size });
    at += 3 + size;
    if (header & 1) break;
  }
  return blocks;
}

/** Bits of tables near the beginning of blocks, of bit streams near their end; wrong sizes. */
function damageZstdBlocks(stream: Uint8Array, random: () => number): Uint8Array {
  const copy = stream.slice();
  const blocks = zstdBlocks(copy);
  if (blocks.length === 0) return copy;
  const times = 1 + below(random, 3);
  for (let time = 0; time < times; time++) {
    const { at, size } = blocks[below(random, blocks.length)]!;
    if (size === 0) continue;
    const place = random();
    let offset = below(random, size);
    if (place < 0.4) offset = below(random, Math.min(size, 30));
    else if (place < 0.75) offset = size - 1 - below(random, Math.min(size, 40));
    change(copy, at + offset, random, 0.6);
  }
  if (random() < 0.15) {
    const { at } = blocks[below(random, blocks.length)]!;
    const header = copy[at - 3]! | (copy[at - 2]! << 8) | (copy[at - 1]! << 16);
    const size = Math.max(0, (header >> 3) + [-1, 1, -2, -5][below(random, 4)]!);
    const wrong = (header & 7) | (size << 3);
    copy.set([wrong & 0xff, (wrong >> 8) & 0xff, wrong >> 16], at - 3);
  }
  return copy;
}
