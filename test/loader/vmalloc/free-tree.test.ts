// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreeTree } from '../../../loader/vmalloc/index.ts';
import { NaiveFirstFit } from '../../../scripts/bench/naive-first-fit.ts';
import { brokenRules } from './tree-rules.ts';

const PAGE = 4096;
const START = 0xf77fe000;
const END = 0xfeffe000;

function newTree(): FreeTree {
  return new FreeTree(2 ** 32, 32);
}

/** The holes of the tree inside the window. */
function holes(tree: FreeTree): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  tree.forEachWithin(START, END, (start, end) => found.push({ start, end }));
  return found;
}

/** `take` asks for that many pages; `drop` frees one of the live areas, whichever it falls on. */
const operation = fc.oneof(
  { weight: 11, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 17 }) }) },
  { weight: 9, arbitrary: fc.record({ drop: fc.nat() }) },
);

describe('requests aligned to a page at most', () => {
  it('get the lowest hole that fits, as a plain walk over the areas finds it', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 400, size: 'max' }),
        // A window small enough to run full now and then.
        fc.integer({ min: 60, max: 1500 }),
        fc.constantFrom(1, 64, PAGE),
        (operations, pages, align) => {
          const end = START + pages * PAGE;
          const tree = newTree();
          const naive = new NaiveFirstFit(START, end);
          const live: { addr: number; size: number }[] = [];
          for (const op of operations) {
            if ('take' in op) {
              const size = op.take * PAGE;
              const addr = tree.alloc(size, align, START, end);
              expect(addr).toBe(naive.alloc(size));
              if (addr >= 0) live.push({ addr, size });
            } else if (live.length > 0) {
              const [{ addr, size }] = live.splice(op.drop % live.length, 1) as [(typeof live)[0]];
              tree.giveBack(addr, addr + size);
              naive.free(addr);
            }
          }
          const ours: { start: number; end: number }[] = [];
          tree.forEachWithin(START, end, (from, to) => ours.push({ start: from, end: to }));
          expect(ours).toEqual(naive.holes());
          expect(brokenRules(tree.dump())).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keep finding the lowest hole among thousands', () => {
    const tree = newTree();
    const naive = new NaiveFirstFit(START, END);
    const addrs: number[] = [];
    for (let i = 0; i < 15_000; i++) {
      addrs.push(tree.alloc(PAGE, 1, START, END));
      naive.alloc(PAGE);
    }
    for (let i = 0; i < addrs.length; i += 2) {
      tree.giveBack(addrs[i]!, addrs[i]! + PAGE);
      naive.free(addrs[i]!);
    }
    expect(tree.count).toBeGreaterThan(7000);
    expect(brokenRules(tree.dump())).toEqual([]);
    for (const pages of [1, 2, 1, 3, 1]) {
      expect(tree.alloc(pages * PAGE, 1, START, END)).toBe(naive.alloc(pages * PAGE));
    }
    expect(holes(tree)).toEqual(naive.holes());
  });
});

describe('requests confined to a part of the address space', () => {
  it('get the lowest address of their range with room, whatever lies below it', () => {
    const range = fc.record({
      take: fc.integer({ min: 1, max: 12 }),
      from: fc.integer({ min: 0, max: 300 }),
      length: fc.integer({ min: 1, max: 300 }),
    });
    const step = fc.oneof(range, fc.record({ drop: fc.nat() }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 250, size: 'max' }), (steps) => {
        const tree = newTree();
        const live: { addr: number; size: number }[] = [];
        const lowest = (size: number, lo: number, hi: number): number => {
          for (let addr = lo; addr + size <= hi; addr += PAGE) {
            if (!live.some((a) => a.addr < addr + size && addr < a.addr + a.size)) return addr;
          }
          return -1;
        };
        for (const s of steps) {
          if ('take' in s) {
            const lo = START + s.from * PAGE;
            const hi = lo + s.length * PAGE;
            const size = s.take * PAGE;
            const addr = tree.alloc(size, 1, lo, hi);
            expect(addr).toBe(lowest(size, lo, hi));
            if (addr >= 0) live.push({ addr, size });
          } else if (live.length > 0) {
            const [{ addr, size }] = live.splice(s.drop % live.length, 1) as [(typeof live)[0]];
            tree.giveBack(addr, addr + size);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('requests with any alignment', () => {
  const aligned = fc.oneof(
    {
      weight: 11,
      arbitrary: fc.record({
        take: fc.integer({ min: 1, max: 40 }),
        shift: fc.integer({ min: 0, max: 24 }),
      }),
    },
    { weight: 9, arbitrary: fc.record({ drop: fc.nat() }) },
  );

  it('never overlap, are aligned, and leave a sound tree of maximal holes', () => {
    fc.assert(
      fc.property(
        fc.array(aligned, { minLength: 1, maxLength: 120, size: 'max' }),
        (operations) => {
          const tree = newTree();
          const live: { addr: number; size: number }[] = [];
          for (const op of operations) {
            if ('take' in op) {
              const size = op.take * PAGE;
              const align = 2 ** op.shift;
              const addr = tree.alloc(size, align, START, END);
              if (addr >= 0) {
                expect(addr % align).toBe(0);
                expect(addr).toBeGreaterThanOrEqual(START);
                expect(addr + size).toBeLessThanOrEqual(END);
                const hit = live.find((a) => a.addr < addr + size && addr < a.addr + a.size);
                expect(hit).toBeUndefined();
                live.push({ addr, size });
              }
            } else if (live.length > 0) {
              const [{ addr, size }] = live.splice(op.drop % live.length, 1) as [(typeof live)[0]];
              tree.giveBack(addr, addr + size);
            }
            expect(brokenRules(tree.dump())).toEqual([]);
            // What is not live is free, all of it.
            const used = live.reduce((sum, a) => sum + a.size, 0);
            const free = holes(tree).reduce((sum, h) => sum + h.end - h.start, 0);
            expect(free + used).toBe(END - START);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('fail only when no hole could take the size with the worst padding', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ take: fc.integer({ min: 1, max: 900 }), keep: fc.boolean() }), {
          minLength: 1,
          maxLength: 120,
          size: 'max',
        }),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 13, max: 21 }),
        (operations, pages, shift) => {
          const tree = newTree();
          const drop: { addr: number; size: number }[] = [];
          for (const { take, keep } of operations) {
            const addr = tree.alloc(take * PAGE, 1, START, END);
            if (addr >= 0 && !keep) drop.push({ addr, size: take * PAGE });
          }
          for (const { addr, size } of drop) tree.giveBack(addr, addr + size);
          const size = pages * PAGE;
          const align = 2 ** shift;
          const roomy = holes(tree).some((h) => h.end - h.start >= size + align - 1);
          const addr = tree.alloc(size, align, START, END);
          if (roomy) expect(addr).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the padded search', () => {
  /** Thirty holes of a page and one of 1 MiB, aligned to its size, at place `at` among them. */
  const withHole = (at: number): FreeTree => {
    const tree = newTree();
    const big = 0x100000;
    tree.alloc(END - START, 1, START, END);
    for (let i = 0; i < 31; i++) {
      const start = 0xf8000000 + i * 2 * big;
      tree.giveBack(start, start + (i === at ? big : PAGE));
    }
    return tree;
  };

  it('misses a hole of exactly the size unless it lies on the way, though it is aligned', () => {
    const big = 0x100000;
    const found: number[] = [];
    for (let at = 0; at < 31; at++) {
      const tree = withHole(at);
      if (tree.alloc(big, big, START, END) >= 0) found.push(at);
      else expect(tree.alloc(big, PAGE, START, END)).toBe(0xf8000000 + at * 2 * big);
    }
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(16);
  });

  it('asks for no padding when the range is exactly the size', () => {
    const tree = newTree();
    const size = 0x100000;
    expect(tree.alloc(size, size, 0xf8000000, 0xf8000000 + size)).toBe(0xf8000000);
  });

  it('comes to an end among holes that are large enough but misaligned', () => {
    const tree = newTree();
    const size = 0x100000;
    tree.alloc(END - START, 1, START, END);
    for (let at = START + PAGE; at + size < END; at += 2 * size) tree.giveBack(at, at + size);
    // The range is exactly the size, so holes are not asked for room to pad.
    expect(tree.alloc(size, size, 0xf8000000, 0xf8000000 + size)).toBe(-1);
  });

  it('fails at the end of the range even where the block itself goes on', () => {
    const tree = newTree();
    expect(tree.alloc(END - START - PAGE, 1, START, END)).toBe(START);
    expect(tree.alloc(2 * PAGE, 1, START, END)).toBe(-1);
    expect(tree.alloc(PAGE, 1, START, END)).toBe(END - PAGE);
  });

  it('takes an alignment of 2^27 in a window of 120 MiB, and not one of 2^28', () => {
    const tree = newTree();
    expect(tree.alloc(2 * PAGE, 2 ** 27, START, END)).toBe(0xf8000000);
    expect(tree.alloc(2 * PAGE, 2 ** 28, START, END)).toBe(-1);
    expect(tree.alloc(2 * PAGE, 2 ** 31, START, END)).toBe(-1);
  });
});

describe('cutting a block', () => {
  const whole = (): FreeTree => {
    const tree = newTree();
    tree.alloc(PAGE, 1, START, END);
    return tree;
  };

  it('in the middle leaves both remainders', () => {
    const tree = whole();
    expect(tree.alloc(PAGE, 1, 0xf8000000, END)).toBe(0xf8000000);
    expect(holes(tree)).toEqual([
      { start: START + PAGE, end: 0xf8000000 },
      { start: 0xf8001000, end: END },
    ]);
  });

  it('keeps the blocks below and above the window, which no request can use', () => {
    const dump = whole().dump();
    expect(dump[0]).toMatchObject({ start: 1, end: START });
    expect(dump.at(-1)).toMatchObject({ start: START + PAGE, end: 0xffffffff });
  });

  it('gives back [a, e) by joining, and the block is found again', () => {
    const tree = whole();
    tree.giveBack(START, START + PAGE);
    expect(tree.dump()).toEqual([
      { start: 1, end: 0xffffffff, red: false, left: -1, right: -1, subtreeMax: 0xfffffffe },
    ]);
  });

  it('refuses to free what is free already', () => {
    expect(() => whole().giveBack(0xf8000000, 0xf8001000)).toThrow('overlaps free block');
  });
});

describe('the largest hole inside a range', () => {
  it('is what a look at every hole finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ take: fc.integer({ min: 1, max: 60 }), keep: fc.boolean() }), {
          maxLength: 200,
          size: 'max',
        }),
        fc.integer({ min: 0, max: 30_719 }),
        fc.integer({ min: 1, max: 30_719 }),
        (operations, from, length) => {
          const tree = newTree();
          const drop: { addr: number; size: number }[] = [];
          for (const { take, keep } of operations) {
            const addr = tree.alloc(take * PAGE, 1, START, END);
            if (!keep) drop.push({ addr, size: take * PAGE });
          }
          for (const { addr, size } of drop) tree.giveBack(addr, addr + size);
          const lo = START + from * PAGE;
          const hi = Math.min(lo + length * PAGE, END);
          let largest = 0;
          for (const { start, end } of holes(tree)) {
            largest = Math.max(largest, Math.min(end, hi) - Math.max(start, lo));
          }
          expect(tree.largestWithin(lo, hi)).toBe(largest);
        },
      ),
    );
  });
});
