// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { Random } from '../../../loader/engine/index.ts';

describe('Random', () => {
  it('gives the same sequence for a seed for ever', () => {
    const random = new Random(42);
    expect([
      random.uint32(),
      random.uint32(),
      random.uint32(),
      random.uint32(),
    ]).toMatchInlineSnapshot(`
      [
        660444221,
        3652823732,
        77672526,
        910233633,
      ]
    `);
  });

  it('is xoshiro128** over a state filled by splitmix32, restated here in big integers', () => {
    const M = 0xffff_ffffn;
    const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & M;
    let fill = 42n;
    const split = (): bigint => {
      fill = (fill + 0x9e3779b9n) & M;
      let z = fill;
      z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & M;
      z = ((z ^ (z >> 15n)) * 0x735a2d97n) & M;
      return z ^ (z >> 15n);
    };
    const s: [bigint, bigint, bigint, bigint] = [split(), split(), split(), split()];
    const random = new Random(42);
    for (let i = 0; i < 1000; i += 1) {
      const expected = (rotl((s[1] * 5n) & M, 7n) * 9n) & M;
      expect(BigInt(random.uint32())).toBe(expected);
      const t = (s[1] << 9n) & M;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= t;
      s[3] = rotl(s[3], 11n);
    }
  });

  it('spreads integers evenly and keeps to the bound', () => {
    const random = new Random(7);
    const hits = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i += 1) hits[random.below(10)]! += 1;
    for (const count of hits) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('shuffles without losing anything', () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    const shuffled = new Random(3).shuffle([...items]);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});
