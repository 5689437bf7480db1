// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatGfp,
  fragmentationIndex,
  slotCount,
  unusableFreeIndex,
} from '../../../loader/vmalloc/index.ts';
import { makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;

describe('the measures of a list of holes', () => {
  const holes = [10, 20, 30, 40];

  it('unusable free space is the share in holes below the request', () => {
    expect(unusableFreeIndex(holes, 30)).toBeCloseTo(0.3, 12);
    expect(unusableFreeIndex(holes, 10)).toBe(0);
    expect(unusableFreeIndex(holes, 41)).toBe(1);
    expect(unusableFreeIndex([], 1)).toBe(1);
  });

  it('the fragmentation index is -1 where the request would succeed', () => {
    expect(fragmentationIndex(holes, 40)).toBe(-1);
    expect(fragmentationIndex([], 40)).toBe(0);
    // Much is free in small pieces: towards 1. One piece nearly as large as the request: towards 0.
    expect(fragmentationIndex(Array(100).fill(1), 10)).toBeCloseTo(0.89, 12);
    expect(fragmentationIndex([9], 10)).toBeCloseTo(-0.9, 12);
  });

  it('slots are how many areas still fit', () => {
    expect(slotCount(holes, 15)).toBe(5);
    expect(slotCount(holes, 41)).toBe(0);
  });

  it('agree with the per-mille integers mm/vmstat.c computes for buddy blocks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 11, maxLength: 11 }),
        fc.integer({ min: 0, max: 10 }),
        (counts, order) => {
          const blocks = counts.flatMap((n, k) => Array<number>(n).fill(2 ** k));
          const free = blocks.reduce((a, b) => a + b, 0);
          const suitable = counts.reduce(
            (s, n, k) => s + (k >= order ? n * 2 ** (k - order) : 0),
            0,
          );
          const requested = 2 ** order;
          const unusable =
            free === 0 ? 1000 : Math.floor((1000 * (free - suitable * requested)) / free);
          expect(Math.floor(unusableFreeIndex(blocks, requested) * 1000 + 1e-6)).toBe(unusable);
          if (suitable > 0 || blocks.length === 0) return;
          const index =
            1000 - Math.floor((1000 + Math.floor((1000 * free) / requested)) / blocks.length);
          expect(Math.abs(fragmentationIndex(blocks, requested) * 1000 - index)).toBeLessThan(2);
        },
      ),
    );
  });
});

describe('the measures of a space', () => {
  it('of an empty window are those of one hole', () => {
    expect(makeSpace().space.stats()).toMatchObject({
      total: 30_720 * PAGE,
      used: 0,
      lazy: 0,
      free: 30_720 * PAGE,
      largest_free: 30_720 * PAGE,
      free_areas: 1,
      busy_areas: 0,
      external_fragmentation: 0,
      concentration: 1,
    });
  });

  it('see holes, guards and parked areas', () => {
    const { space } = makeSpace();
    const areas = [3, 1, 5, 1, 3].map((n) => space.vmalloc({ ...OWNER, bytes: n * PAGE })!);
    space.vfree(areas[0]!.addr);
    space.vfree(areas[2]!.addr);
    space.vmUnmapAliases();
    space.vfree(areas[4]!.addr);
    const stats = space.stats();
    expect(stats).toMatchObject({
      used: 4 * PAGE,
      lazy: 4 * PAGE,
      free: (30_720 - 8) * PAGE,
      largest_free: (30_720 - 18) * PAGE,
      free_areas: 3,
      busy_areas: 2,
      lazy_areas: 1,
      guard: 2 * PAGE,
      median_free: 6 * PAGE,
    });
    expect(stats.external_fragmentation).toBeCloseTo(10 / 30_712, 12);
    expect(stats.parked_share).toBeCloseTo(4 / 30_720, 12);
    expect(stats.by_request[0]).toMatchObject({ bytes: 4096, slots: 2 + 3 + 15_351 });
  });

  it('of a full window speak of nothing free', () => {
    const { space } = makeSpace();
    space.vmap({ ...OWNER, pages: 30_719 });
    expect(space.stats()).toMatchObject({
      free: 0,
      largest_free: 0,
      free_areas: 0,
      external_fragmentation: 0,
      mean_free: 0,
      median_free: 0,
      concentration: 0,
    });
    expect(space.largestFree()).toBe(0);
  });

  it('agree with the cheap ones after any history', () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 2000 }) }),
      fc.record({ drop: fc.nat() }),
      fc.constant('purge' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const { space } = makeSpace('i386-highmem');
        const live: number[] = [];
        for (const s of steps) {
          if (s === 'purge') space.drainVmapAreaWork();
          else if ('take' in s) {
            const area = space.vmalloc({ ...OWNER, bytes: s.take * PAGE, noWarn: true });
            if (area !== null) live.push(area.addr);
          } else if (live.length > 0) {
            space.vfree(live.splice(s.drop % live.length, 1)[0]!);
          }
        }
        const stats = space.stats();
        expect(space.largestFree()).toBe(stats.largest_free);
        expect(space.usedBytes()).toBe(stats.used);
        expect(space.lazyBytes()).toBe(stats.lazy);
        expect(space.lazyPages * PAGE).toBe(stats.lazy);
        expect(stats.used + stats.lazy + stats.free).toBe(stats.total);
      }),
    );
  });
});

describe('areas()', () => {
  it('gives busy and parked areas by address, with who, what for, since when', () => {
    const fixture = makeSpace();
    const { space } = fixture;
    const file = space.vmalloc({
      caller: 'kernel_read_file',
      purpose: 'file',
      request: 3,
      bytes: 9,
    })!;
    fixture.now = 500;
    space.execmemAlloc({
      caller: 'load_module',
      purpose: 'text',
      module: 'tun',
      request: 3,
      bytes: 9,
    });
    space.vfree(file.addr);
    expect(space.areas()).toEqual([
      {
        start: 0xf77fe000,
        size: 8192,
        state: 'lazy',
        pages: 0,
        purpose: 'file',
        module: '',
        caller: 'kernel_read_file',
        request: 3,
        since: 0,
        serial: 1,
      },
      {
        start: 0xf7800000,
        size: 8192,
        state: 'busy',
        pages: 1,
        purpose: 'text',
        module: 'tun',
        caller: 'load_module',
        request: 3,
        since: 500,
        serial: 2,
      },
    ]);
  });
});

describe('allocation flags in messages', () => {
  it.each([
    [0xcc0, '0xcc0(GFP_KERNEL)'],
    [0x2cc0, '0x2cc0(GFP_KERNEL|__GFP_NOWARN)'],
    [0xcc2, '0xcc2(GFP_KERNEL|__GFP_HIGHMEM)'],
    [0xdc0, '0xdc0(GFP_KERNEL|__GFP_ZERO)'],
    [0x100cca, '0x100cca(GFP_HIGHUSER_MOVABLE)'],
    [0x100cc2, '0x100cc2(GFP_HIGHUSER)'],
    [0x400cc0, '0x400cc0(GFP_KERNEL_ACCOUNT)'],
    [0xc40, '0xc40(GFP_NOFS)'],
    [0x820, '0x820(GFP_ATOMIC)'],
    [0, '0x0()'],
  ])('%#x', (gfp, text) => {
    expect(formatGfp(gfp)).toBe(text);
  });
});
