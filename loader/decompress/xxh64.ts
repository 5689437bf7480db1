// SPDX-License-Identifier: MIT
/** XXH64 (the xxHash specification), the content checksum of zstd frames, in 32-bit halves. */

const PRIMES = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const [P1, P2, P3, P4, P5] = PRIMES.map((prime) => ({
  high: Number(prime >> 32n),
  low: Number(prime & 0xffffffffn),
})) as [Word, Word, Word, Word, Word];

interface Word {
  readonly high: number;
  readonly low: number;
}

const STRIPE = 32;
const LANES = 4;

/** A 64-bit accumulator; its operations change it in place. */
class Accumulator {
  high = 0;
  low = 0;

  set(value: bigint): this {
    this.high = Number((value >> 32n) & 0xffffffffn);
    this.low = Number(value & 0xffffffffn);
    return this;
  }

  add(high: number, low: number): this {
    const sum = this.low + low;
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    this.low = sum >>> 0;
    return this;
  }

  xor(high: number, low: number): this {
    this.high = (this.high ^ high) >>> 0;
    this.low = (this.low ^ low) >>> 0;
    return this;
  }

  multiply(by: Word): this {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = by.low & 0xffff;
    const b1 = by.low >>> 16;
    const p00 = Math.imul(a0, b0) >>> 0;
    const p01 = Math.imul(a0, b1) >>> 0;
    const p10 = Math.imul(a1, b0) >>> 0;
    const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
    const carried = (Math.imul(a1, b1) >>> 0) + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16);
    const crossed = Math.imul(this.high, by.low) + Math.imul(this.low, by.high);
    this.high = (carried + crossed) >>> 0;
    this.low = ((middle << 16) | (p00 & 0xffff)) >>> 0;
    return this;
  }

  /** Rotates left by `bits`, 1 to 31. */
  rotate(bits: number): this {
    const { high, low } = this;
    this.high = ((high << bits) | (low >>> (32 - bits))) >>> 0;
    this.low = ((low << bits) | (high >>> (32 - bits))) >>> 0;
    return this;
  }

  /** Takes in one word of input. */
  round(high: number, low: number): this {
    product.high = high;
    product.low = low;
    product.multiply(P2);
    return this.add(product.high, product.low).rotate(31).multiply(P1);
  }
}

/** Scratch of `round`. */
const product = new Accumulator();

/** XXH64 of `bytes`, as an unsigned 64-bit number. */
export function xxh64(bytes: Uint8Array, seed = 0n): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hash = new Accumulator();
  const length = bytes.length;
  let at = 0;
  if (length >= STRIPE) {
    const lanes = [seed + PRIMES[0] + PRIMES[1], seed + PRIMES[1], seed, seed - PRIMES[0]].map(
      (start) => new Accumulator().set(BigInt.asUintN(64, start)),
    );
    for (; at + STRIPE <= length; at += STRIPE) {
      for (let lane = 0; lane < LANES; lane++) {
        const word = at + lane * 8;
        lanes[lane]!.round(view.getUint32(word + 4, true), view.getUint32(word, true));
      }
    }
    mergeLanes(hash, lanes);
  } else {
    hash.set(BigInt.asUintN(64, seed + PRIMES[4]));
  }
  hash.add(Math.floor(length / 2 ** 32), length >>> 0);
  tail(hash, view, at);
  return avalanche(hash);
}

function mergeLanes(hash: Accumulator, lanes: readonly Accumulator[]): void {
  hash.set(0n);
  const rotations = [1, 7, 12, 18];
  const turned = new Accumulator();
  for (let lane = 0; lane < LANES; lane++) {
    turned.high = lanes[lane]!.high;
    turned.low = lanes[lane]!.low;
    turned.rotate(rotations[lane]!);
    hash.add(turned.high, turned.low);
  }
  for (const lane of lanes) {
    turned.set(0n).round(lane.high, lane.low);
    hash.xor(turned.high, turned.low).multiply(P1).add(P4.high, P4.low);
  }
}

function tail(hash: Accumulator, view: DataView, from: number): void {
  const word = new Accumulator();
  let at = from;
  for (; at + 8 <= view.byteLength; at += 8) {
    word.set(0n).round(view.getUint32(at + 4, true), view.getUint32(at, true));
    hash.xor(word.high, word.low).rotate(27).multiply(P1).add(P4.high, P4.low);
  }
  if (at + 4 <= view.byteLength) {
    word.high = 0;
    word.low = view.getUint32(at, true);
    word.multiply(P1);
    hash.xor(word.high, word.low).rotate(23).multiply(P2).add(P3.high, P3.low);
    at += 4;
  }
  for (; at < view.byteLength; at++) {
    word.high = 0;
    word.low = view.getUint8(at);
    word.multiply(P5);
    hash.xor(word.high, word.low).rotate(11).multiply(P1);
  }
}

function avalanche(hash: Accumulator): bigint {
  hash.xor(0, hash.high >>> 1).multiply(P2);
  hash.xor(hash.high >>> 29, ((hash.high << 3) | (hash.low >>> 29)) >>> 0).multiply(P3);
  hash.xor(0, hash.high);
  return (BigInt(hash.high) << 32n) | BigInt(hash.low);
}
