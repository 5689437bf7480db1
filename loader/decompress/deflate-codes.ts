// SPDX-License-Identifier: MIT
/** Canonical Huffman codes of the deflate format (RFC 1951, section 3.2.2). */

const MAX_CODE_BITS = 15;
const ROOT_BITS = 10;

/** What `DeflateCode.find` gives for bits that are no code: symbol and length of one bit. */
const NO_CODE = (-1 << 4) | 1;

const REVERSED_BYTE = new Uint8Array(256);
for (let value = 0; value < 256; value++) {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if (value & (1 << bit)) reversed |= 0x80 >> bit;
  REVERSED_BYTE[value] = reversed;
}

function reverse15(bits: number): number {
  return ((REVERSED_BYTE[bits & 0xff]! << 8) | REVERSED_BYTE[(bits >> 8) & 0xff]!) >> 1;
}

/**
 * A decoding table: `root` is indexed by the next ten bits and holds `symbol << 4 | code length`,
 * or 0 where `find` has to look (longer codes, and bits that are no code).
 */
export class DeflateCode {
  readonly root = new Int32Array(1 << ROOT_BITS);
  readonly #count = new Uint16Array(MAX_CODE_BITS + 1);
  /** First code of each length, and the end of that length's codes seen as 15-bit numbers. */
  readonly #first = new Uint16Array(MAX_CODE_BITS + 2);
  readonly #end = new Int32Array(MAX_CODE_BITS + 2);
  readonly #offset = new Uint16Array(MAX_CODE_BITS + 2);
  readonly #sorted: Uint16Array;

  constructor(maxSymbols: number) {
    this.#sorted = new Uint16Array(maxSymbols);
  }

  /**
   * Builds the table of the `total` code lengths at `lengths[from]`; false when the set is not
   * acceptable. The kernel's rules (zlib_inflate_table, lib/zlib_inflate/inftrees.c, Linux 6.12): no
   * oversubscribed set; an incomplete one only where `allowSingle` and its only code is one bit
   * long; a set without any code is taken, and every bit then is no code.
   */
  build(lengths: Uint8Array, from: number, total: number, allowSingle: boolean): boolean {
    const count = this.#count.fill(0);
    for (let symbol = 0; symbol < total; symbol++) count[lengths[from + symbol]!]!++;
    this.root.fill(0);
    if (count[0] === total) {
      this.#end.fill(0);
      return true;
    }
    let unused = 1;
    let longest = 0;
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      unused = unused * 2 - count[length]!;
      if (unused < 0) return false;
      if (count[length]) longest = length;
    }
    if (unused > 0 && !(allowSingle && longest === 1)) return false;
    this.#sort(lengths, from, total);
    this.#fillRoot();
    return true;
  }

  /** `symbol << 4 | length` for bits whose root entry is 0; symbol -1 and one bit for no code. */
  find(bits: number): number {
    const code = reverse15(bits & 0x7fff);
    for (let length = ROOT_BITS + 1; length <= MAX_CODE_BITS; length++) {
      if (code < this.#end[length]!) {
        const rank = (code >> (MAX_CODE_BITS - length)) - this.#first[length]!;
        return (this.#sorted[this.#offset[length]! + rank]! << 4) | length;
      }
    }
    return NO_CODE;
  }

  #sort(lengths: Uint8Array, from: number, total: number): void {
    const next = new Uint16Array(MAX_CODE_BITS + 2);
    let code = 0;
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      this.#first[length] = code;
      this.#offset[length] = next[length]!;
      code += this.#count[length]!;
      this.#end[length] = code << (MAX_CODE_BITS - length);
      next[length + 1] = next[length]! + this.#count[length]!;
      code <<= 1;
    }
    for (let symbol = 0; symbol < total; symbol++) {
      const length = lengths[from + symbol]!;
      if (length) this.#sorted[next[length]!++] = symbol;
    }
  }

  #fillRoot(): void {
    for (let length = 1; length <= ROOT_BITS; length++) {
      for (let rank = 0; rank < this.#count[length]!; rank++) {
        const entry = (this.#sorted[this.#offset[length]! + rank]! << 4) | length;
        const code = reverse15((this.#first[length]! + rank) << (MAX_CODE_BITS - length));
        for (let at = code; at < this.root.length; at += 1 << length) this.root[at] = entry;
      }
    }
  }
}

export const ROOT_MASK = (1 << ROOT_BITS) - 1;
