// SPDX-License-Identifier: MIT
import { below, seededRandom } from './seeded-random.ts';

/** Kinds of content: they lead the compressors into their different block types. */
export const SAMPLE_KINDS = ['noise', 'letters', 'repeats', 'one byte', 'code'] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

/** Sizes around the page boundaries a module image can end at. */
export const PAGE_SIZES = [0, 1, 100, 4095, 4096, 4097, 8191, 8192, 8193, 12_288, 40_000];

/** `size` bytes of a kind; the same seed gives the same bytes. */
export function sampleBytes(kind: SampleKind, size: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) at = WRITERS[kind](bytes, at, random);
  return bytes;
}

type Writer = (bytes: Uint8Array, at: number, random: () => number) => number;

const WRITERS: Record<SampleKind, Writer> = {
  noise: (bytes, at, random) => {
    bytes[at] = below(random, 256);
    return at + 1;
  },
  letters: (bytes, at, random) => {
    bytes[at] = 97 + Math.floor(random() * random() * 20);
    return at + 1;
  },
  repeats: (bytes, at, random) => {
    if (at < 8 || random() > 0.3) {
      bytes[at] = Math.floor(random() * random() * 256);
      return at + 1;
    }
    const distance = 1 + below(random, Math.min(at, random() < 0.5 ? 20 : at));
    const end = Math.min(bytes.length, at + 3 + Math.floor(random() * random() * 400));
    let next = at;
    for (; next < end; next++) bytes[next] = bytes[next - distance]!;
    return next;
  },
  'one byte': (bytes) => {
    bytes.fill(0x5a);
    return bytes.length;
  },
  // Calls, branches and addresses of several machines, for the branch filters of xz.
  code: (bytes, at, random) => {
    const opcodes = [0xe8, 0xe9, 0xeb, 0x48, 0x94, 0x90, 0xf0, 0x40, 0x17, 0xef];
    const instruction = [
      opcodes[below(random, opcodes.length)]!,
      below(random, 256),
      below(random, 8),
      random() < 0.5 ? 0 : 0xff,
      below(random, 4) ? 0xf8 : 0xeb,
    ];
    const end = Math.min(bytes.length, at + instruction.length);
    bytes.set(instruction.slice(0, end - at), at);
    return end;
  },
};
