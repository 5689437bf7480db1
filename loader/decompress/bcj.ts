// SPDX-License-Identifier: MIT
/**
 * Branch filters of the xz format: absolute targets of branch instructions back to relative ones.
 * The set and the filter numbers are those of lib/xz in Linux 6.12 (no IA-64 there).
 */

import type { BcjFilter } from './decode-result.ts';

/** The filters of liblzma 5.4 (xz file format, section 5.3.2): IA-64 is not in the kernel. */
export type UserBcjFilter = BcjFilter | 'ia64';

const FILTER_IDS = new Map<number, BcjFilter>([
  [4, 'x86'],
  [5, 'powerpc'],
  [7, 'arm'],
  [8, 'armthumb'],
  [9, 'sparc'],
  [10, 'arm64'],
  [11, 'riscv'],
]);

/** Name of the filter with this id, undefined for an id 6.12 does not know. */
export function bcjFilterName(id: number): BcjFilter | undefined {
  return FILTER_IDS.get(id);
}

/** The same of liblzma, with what the start offset of its properties must be a multiple of. */
export function userBcjFilter(id: number): { name: UserBcjFilter; align: number } | undefined {
  if (id === 6) return { name: 'ia64', align: 16 };
  const name = FILTER_IDS.get(id);
  return name && { name, align: ALIGNMENT[name] };
}

const ALIGNMENT: Record<BcjFilter, number> = {
  x86: 1,
  powerpc: 4,
  arm: 4,
  armthumb: 2,
  sparc: 4,
  arm64: 4,
  riscv: 2,
};

/**
 * Filters `bytes[from, to)`, which lies `position` bytes into the block; gives how many bytes are
 * final. The others need more data behind them and stay as they are.
 */
type Apply = (bytes: Uint8Array, from: number, to: number, position: number) => number;

/** One filter at work on one block, with what it remembers between calls. */
export function createBcjFilter(name: UserBcjFilter): Apply {
  return name === 'x86' ? x86Filter() : STATELESS[name];
}

const STATELESS: Record<Exclude<UserBcjFilter, 'x86'>, Apply> = {
  ia64,
  powerpc,
  arm,
  armthumb,
  sparc,
  arm64,
  riscv,
};

function le32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

function be32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

function putLe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function putBe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * CALL and JMP with a 32-bit target. `recent` has a bit for each of the three bytes before this one
 * that looked like an opcode and was not converted: its operand may overlap this instruction's.
 */
function x86Filter(): Apply {
  const OPERAND = 4;
  /** By `recent`: whether the instruction may still be one, and the byte that decides with it. */
  const plausible = [true, true, true, false, true, false, false, false];
  const overlap = [0, 1, 2, 2, 3, 3, 3, 3];
  const signByte = (byte: number) => byte === 0x00 || byte === 0xff;
  let recent = 0;

  return (bytes, from, to, position) => {
    if (to - from <= OPERAND) return 0;
    const last = to - OPERAND;
    let opcodeAt = from - 1;
    let at = from;
    for (; at < last; at++) {
      if ((bytes[at]! & 0xfe) !== 0xe8) continue;
      const distance = at - opcodeAt;
      opcodeAt = at;
      if (distance > 3) {
        recent = 0;
      } else {
        recent = (recent << (distance - 1)) & 7;
        if (recent !== 0) {
          if (!plausible[recent] || signByte(bytes[at + OPERAND - overlap[recent]!]!)) {
            recent = (recent << 1) | 1;
            continue;
          }
        }
      }
      if (!signByte(bytes[at + OPERAND]!)) {
        recent = (recent << 1) | 1;
        continue;
      }
      const end = (position + (at - from) + 5) >>> 0;
      let source = le32(bytes, at + 1);
      let target = (source - end) >>> 0;
      while (recent !== 0) {
        const shift = overlap[recent]! * 8;
        if (!signByte((target >>> (24 - shift)) & 0xff)) break;
        source = (target ^ (2 ** (32 - shift) - 1)) >>> 0;
        target = (source - end) >>> 0;
      }
      target &= 0x01ffffff;
      putLe32(bytes, at + 1, target & 0x01000000 ? target | 0xfe000000 : target);
      at += OPERAND;
    }
    const distance = at - opcodeAt;
    recent = distance > 3 ? 0 : recent << (distance - 1);
    return at - from;
  };
}

function powerpc(bytes: Uint8Array, from: number, to: number, position: number): number {
  const size = (to - from) & ~3;
  for (let offset = 0; offset < size; offset += 4) {
    const instruction = be32(bytes, from + offset);
    if ((instruction & 0xfc000003) >>> 0 !== 0x48000001) continue;
    const target = ((instruction & 0x03fffffc) - (position + offset)) & 0x03fffffc;
    putBe32(bytes, from + offset, target | 0x48000001);
  }
  return size;
}

function arm(bytes: Uint8Array, from: number, to: number, position: number): number {
  const size = (to - from) & ~3;
  for (let offset = 0; offset < size; offset += 4) {
    const at = from + offset;
    if (bytes[at + 3] !== 0xeb) continue;
    const target = ((le32(bytes, at) & 0xffffff) << 2) - (position + offset + 8);
    bytes[at] = target >>> 2;
    bytes[at + 1] = target >>> 10;
    bytes[at + 2] = target >>> 18;
  }
  return size;
}

function armthumb(bytes: Uint8Array, from: number, to: number, position: number): number {
  let at = from;
  for (; at + 4 <= to; at += 2) {
    if ((bytes[at + 1]! & 0xf8) !== 0xf0 || (bytes[at + 3]! & 0xf8) !== 0xf8) continue;
    const halves =
      ((bytes[at + 1]! & 7) << 19) |
      (bytes[at]! << 11) |
      ((bytes[at + 3]! & 7) << 8) |
      bytes[at + 2]!;
    const target = ((halves << 1) - (position + (at - from) + 4)) >>> 1;
    bytes[at] = target >>> 11;
    bytes[at + 1] = 0xf0 | ((target >>> 19) & 7);
    bytes[at + 2] = target;
    bytes[at + 3] = 0xf8 | ((target >>> 8) & 7);
    at += 2;
  }
  return at - from;
}

function sparc(bytes: Uint8Array, from: number, to: number, position: number): number {
  const size = (to - from) & ~3;
  for (let offset = 0; offset < size; offset += 4) {
    const instruction = be32(bytes, from + offset);
    const top = instruction >>> 22;
    if (top !== 0x100 && top !== 0x1ff) continue;
    const target = ((instruction << 2) - (position + offset)) >>> 2;
    const sign = 0x40000000 - (target & 0x400000);
    putBe32(bytes, from + offset, sign | 0x40000000 | (target & 0x3fffff));
  }
  return size;
}

function arm64(bytes: Uint8Array, from: number, to: number, position: number): number {
  const size = (to - from) & ~3;
  for (let offset = 0; offset < size; offset += 4) {
    const instruction = le32(bytes, from + offset);
    const here = (position + offset) >>> 0;
    if (instruction >>> 26 === 0x25) {
      const target = instruction - (here >>> 2);
      putLe32(bytes, from + offset, 0x94000000 | (target & 0x03ffffff));
    } else if ((instruction & 0x9f000000) >>> 0 === 0x90000000) {
      const page = ((instruction >>> 29) & 3) | ((instruction >>> 3) & 0x1ffffc);
      // Only pages within half a gibibyte are converted.
      if ((page + 0x020000) & 0x1c0000) continue;
      const target = page - (here >>> 12);
      const sign = target & 0x020000 ? 0xe00000 : 0;
      const fields = ((target & 3) << 29) | ((target & 0x03fffc) << 3) | sign;
      putLe32(bytes, from + offset, (instruction & 0x9000001f) | fields);
    }
  }
  return size;
}

function riscv(bytes: Uint8Array, from: number, to: number, position: number): number {
  let at = from;
  for (; at + 8 <= to; at += 2) {
    const here = (position + (at - from)) >>> 0;
    if (bytes[at] === 0xef) {
      if (riscvJump(bytes, at, here)) at += 2;
    } else if ((bytes[at]! & 0x7f) === 0x17) {
      at += riscvAddUpper(bytes, at, here);
    }
  }
  return at - from;
}

/** JAL with x1 or x5 as link register; false when it has another. */
function riscvJump(bytes: Uint8Array, at: number, here: number): boolean {
  const low = bytes[at + 1]!;
  if (low & 0x0d) return false;
  const stored = ((low & 0xf0) << 13) | (bytes[at + 2]! << 9) | (bytes[at + 3]! << 1);
  const target = (stored - here) >>> 0;
  bytes[at + 1] = (low & 0x0f) | ((target >>> 8) & 0xf0);
  bytes[at + 2] = ((target >>> 16) & 0x0f) | ((target >>> 7) & 0x10) | ((target << 4) & 0xe0);
  bytes[at + 3] = ((target >>> 4) & 0x7f) | ((target >>> 13) & 0x80);
  return true;
}

/** AUIPC and the instruction after it; gives how far beyond two bytes to go on. */
function riscvAddUpper(bytes: Uint8Array, at: number, here: number): number {
  const first = le32(bytes, at);
  if (first & 0xe80) {
    // The register is neither x0 nor x2: the pair was left alone and only its order is undone.
    const second = le32(bytes, at + 4);
    if (((first << 8) ^ (second - 3)) & 0xf8003) return 4;
    putLe32(bytes, at, 0x17 | (2 << 7) | (second << 12));
    putLe32(bytes, at + 4, (first & 0xfffff000) + (second >>> 20));
    return 6;
  }
  const register = first >>> 27;
  if (((first - 0x3117) << 18) >>> 0 >= (register & 0x1d)) return 2;
  const target = (be32(bytes, at + 4) - here) >>> 0;
  putLe32(bytes, at, 0x17 | (register << 7) | ((target + 0x800) & 0xfffff000));
  putLe32(bytes, at + 4, (first >>> 12) | (target << 20));
  return 6;
}

/** Instruction slots of a bundle that may hold a branch, by the low five bits of its template. */
const IA64_BRANCH_SLOTS = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0,
] as const;

/** IP-relative branches of IA-64: 41-bit slots in bundles of 16 bytes. */
function ia64(bytes: Uint8Array, from: number, to: number, position: number): number {
  const size = (to - from) & ~15;
  for (let offset = 0; offset < size; offset += 16) {
    const slots = IA64_BRANCH_SLOTS[bytes[from + offset]! & 0x1f]!;
    const here = BigInt((position + offset) >>> 0);
    for (let slot = 0; slot < 3; slot += 1) {
      if (((slots >> slot) & 1) === 0) continue;
      const bit = 5 + 41 * slot;
      const at = from + offset + (bit >> 3);
      const shift = BigInt(bit & 7);
      let word = 0n;
      for (let i = 0; i < 6; i += 1) word |= BigInt(bytes[at + i]!) << BigInt(8 * i);
      let slotBits = word >> shift;
      // Opcode 5 is the branch, and its btype must be 0.
      if (((slotBits >> 37n) & 0xfn) !== 5n || ((slotBits >> 9n) & 7n) !== 0n) continue;
      let source = (slotBits >> 13n) & 0xfffffn;
      source |= ((slotBits >> 36n) & 1n) << 20n;
      const target = (((source << 4n) - here) & 0xffff_ffffn) >> 4n;
      slotBits &= ~(0x8f_ffffn << 13n);
      slotBits |= (target & 0xfffffn) << 13n;
      slotBits |= (target & 0x10_0000n) << 16n;
      word = (word & ((1n << shift) - 1n)) | (slotBits << shift);
      for (let i = 0; i < 6; i += 1) bytes[at + i] = Number((word >> BigInt(8 * i)) & 0xffn);
    }
  }
  return size;
}
