// SPDX-License-Identifier: MIT
/** SHA-256 (FIPS 180-4). The constants are roots of the first primes, computed here. */

const PRIMES = firstPrimes(64);
const K = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime), prime, 3));
const H = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime), prime, 2));

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  return primes;
}

/** The first 32 bits behind the point of a root: `near` is improved to the exact whole root. */
function fraction(near: number, prime: number, degree: 2 | 3): number {
  const target = BigInt(prime) << BigInt(32 * degree);
  const power = (root: bigint): bigint => (degree === 2 ? root * root : root * root * root);
  let root = BigInt(Math.floor(near * 2 ** 32));
  while (power(root) > target) root--;
  while (power(root + 1n) <= target) root++;
  return Number(root & 0xffffffffn);
}

/** The digest of `bytes[start, end)`, 32 bytes. */
export function sha256(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  const length = end - start;
  const tail = new Uint8Array(((length % 64) + 9 + 63) & ~63);
  const whole = length - (length % 64);
  tail.set(bytes.subarray(start + whole, end));
  tail[length % 64] = 0x80;
  const sizes = new DataView(tail.buffer);
  sizes.setUint32(tail.length - 8, Math.floor(length / 2 ** 29));
  sizes.setUint32(tail.length - 4, (length * 8) >>> 0);
  const state = H.slice();
  const words = new Uint32Array(64);
  for (let at = start; at < start + whole; at += 64) compress(state, words, bytes, at);
  for (let at = 0; at < tail.length; at += 64) compress(state, words, tail, at);
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  for (let i = 0; i < 8; i++) view.setUint32(4 * i, state[i]!);
  return out;
}

function rotate(value: number, count: number): number {
  return (value >>> count) | (value << (32 - count));
}

function compress(state: Uint32Array, words: Uint32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) {
    const from = at + 4 * i;
    words[i] =
      (bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15]!;
    const late = words[i - 2]!;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words[i] = words[i - 16]! + s0 + words[i - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + words[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = (state[i]! + sums[i]!) >>> 0;
}
