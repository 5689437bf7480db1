// SPDX-License-Identifier: MIT
/**
 * Bits read from the last byte of a stream back to its first, through a register of the machine's
 * word size. lib/zstd does not refuse every stream that is read past its beginning; what it then
 * finds in the register decides how the decode goes on, so the register is kept as it keeps it
 * (BIT_DStream_t, lib/zstd/common/bitstream.h, Linux 6.12).
 */

import type { ZstdSource } from './zstd-source.ts';

/** What `reload` finds: bits beyond the register, only those in it, none, or too many taken. */
const BITS_MORE = 0;
const BITS_LAST_WORD = 1;
export const BITS_NONE = 2;
export const BITS_OVERDRAWN = 3;

export class ReverseBits {
  readonly #source: ZstdSource;
  readonly #start: number;
  readonly #size: number;
  readonly #wordBits: 32 | 64;
  /** Place of the register in the file, and its halves. */
  #at = 0;
  #low = 0;
  #high = 0;
  /** Bits taken from the register, from its top; above `#wordBits` once overdrawn. */
  #taken = 0;

  /** Opens `[start, start + size)`; null when it has no end mark. */
  static open(
    source: ZstdSource,
    start: number,
    size: number,
    wordBits: 32 | 64,
  ): ReverseBits | null {
    if (size < 1 || source.bytes[start + size - 1] === 0) return null;
    return new ReverseBits(source, start, size, wordBits);
  }

  private constructor(source: ZstdSource, start: number, size: number, wordBits: 32 | 64) {
    this.#source = source;
    this.#start = start;
    this.#size = size;
    this.#wordBits = wordBits;
    // The end mark is the highest set bit of the last byte.
    this.left = size * 8 - (Math.clz32(source.bytes[start + size - 1]!) - 23);
  }

  /** Bits not taken yet; setting it leaves the register as a reload there would. */
  get left(): number {
    return (this.#at - this.#start) * 8 + this.#wordBits - this.#taken;
  }

  set left(bits: number) {
    const word = this.#wordBits / 8;
    this.#at = Math.max(this.#start, this.#start + Math.ceil(bits / 8) - word);
    this.#taken = (this.#at - this.#start) * 8 + this.#wordBits - bits;
    this.#load();
  }

  /** Bits the register can still give; without limit once overdrawn, as the subtraction wraps. */
  get inRegister(): number {
    const have = this.#wordBits - this.#taken;
    return have < 0 ? Number.POSITIVE_INFINITY : have;
  }

  /** Takes `count` (0 to 31) bits. */
  take(count: number): number {
    const value = this.#window(
      (this.#wordBits - this.#taken - count) & (this.#wordBits - 1),
      count,
    );
    this.#taken += count;
    return value;
  }

  /**
   * Takes `count` (0 to 31) bits in the way that fills with zeros what the register lacks; differs
   * from `take` only when overdrawn.
   */
  takeZeroFilled(count: number): number {
    const width = this.#wordBits;
    // No bits at all (only asked for by a 32-bit machine) is the whole register.
    if (count === 0) return this.#low;
    const have = width - (this.#taken & (width - 1));
    this.#taken += count;
    if (have >= count) return this.#window(have - count, count);
    return (this.#window(0, have) << (count - have)) >>> 0;
  }

  reload(): number {
    const width = this.#wordBits;
    if (this.#taken > width) return BITS_OVERDRAWN;
    const above = this.#at - this.#start;
    if (above === 0) return this.#taken < width ? BITS_LAST_WORD : BITS_NONE;
    const wanted = this.#taken >> 3;
    const moved = Math.min(wanted, above);
    this.#at -= moved;
    this.#taken -= moved * 8;
    this.#load();
    return moved < wanted ? BITS_LAST_WORD : BITS_MORE;
  }

  /** The register's bits `[shift, shift + count)`; zeros above its top. */
  #window(shift: number, count: number): number {
    const mask = count === 32 ? -1 : (1 << count) - 1;
    let value: number;
    if (shift >= 32) value = this.#high >>> (shift - 32);
    else if (shift === 0) value = this.#low;
    else value = (this.#low >>> shift) | (this.#high << (32 - shift));
    return (value & mask) >>> 0;
  }

  #load(): void {
    this.#low = this.#word(this.#at);
    this.#high = this.#wordBits === 64 ? this.#word(this.#at + 4) : 0;
  }

  /** Four bytes, those behind the end of the stream as zeros. */
  #word(at: number): number {
    const inside = this.#start + this.#size - at;
    if (inside <= 0) return 0;
    const word = this.#source.little32(at);
    return inside >= 4 ? word : word & ((1 << (8 * inside)) - 1);
  }
}
