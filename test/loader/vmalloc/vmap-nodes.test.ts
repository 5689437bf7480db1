// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { absoluteAddress } from '../../../loader/base/index.ts';
import { makeSpace, OWNER, preset } from './fixture.ts';

const PAGE = 4096;
const START = 0x490000000000;

/** x86-64 with as many vmap nodes as CPUs. */
const nodes = (cpus: number) => makeSpace('x86-64', { cpus, possibleCpus: cpus });

describe('vmap nodes of a 64-bit kernel', () => {
  it.each([3, 4])('with %i CPUs list their areas node by node, by 64 KiB zones', (cpus) => {
    const { space } = nodes(cpus);
    for (let i = 0; i < 40; i++) space.vmalloc({ ...OWNER, bytes: 7 * PAGE });
    const starts = space
      .vmallocinfo()
      .split('\n')
      .slice(0, -1)
      .map((line) => BigInt(line.split('-')[0]!));
    const node = (addr: bigint): number => Number((addr / 65_536n) % BigInt(cpus));
    const expected = Array.from({ length: 40 }, (_, i) =>
      absoluteAddress(preset('x86-64'), START + i * 8 * PAGE),
    ).sort((a, b) => node(a) - node(b) || Number(a - b));
    expect(starts).toEqual(expected);
  });

  it('keep drained areas in the pool of the node they were allocated on', () => {
    const fixture = nodes(4);
    const { space, take } = fixture;
    fixture.cpu = 2;
    const areas = [1, 2, 3].map(() => space.vmalloc({ ...OWNER, bytes: PAGE })!);
    for (const { addr } of areas.slice(0, 2)) space.vfree(addr);
    space.drainVmapAreaWork();
    take();
    // Another CPU's node has an empty pool and searches the tree.
    fixture.cpu = 1;
    expect(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr).toBe(START + 6 * PAGE);
    // The own node hands out the one put in last; its size must match to the page.
    fixture.cpu = 2;
    expect(space.vmalloc({ ...OWNER, bytes: 2 * PAGE })!.addr).toBe(START + 8 * PAGE);
    expect(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr).toBe(START + 2 * PAGE);
    expect(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr).toBe(START);
  });

  it('count pooled areas apart from free and parked ones', () => {
    const { space } = nodes(4);
    const area = space.vmalloc({ ...OWNER, bytes: 3 * PAGE })!;
    space.vfree(area.addr);
    space.drainVmapAreaWork();
    const { pooled, lazy, used, free, total } = space.stats();
    expect([pooled, lazy, used]).toEqual([4 * PAGE, 0, 0]);
    expect(free + pooled).toBe(total);
    expect(space.areas()).toMatchObject([{ start: START, size: 4 * PAGE, state: 'pool' }]);
  });

  it('skip a pooled area that is misaligned', () => {
    const { space } = nodes(2);
    const areas = [0, 1].map(() => space.vmalloc({ ...OWNER, bytes: PAGE })!);
    space.vfree(areas[1]!.addr);
    space.drainVmapAreaWork();
    expect(space.vmalloc({ ...OWNER, bytes: PAGE, align: 65_536 })!.addr).toBe(START + 65_536);
    expect(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr).toBe(areas[1]!.addr);
  });

  it('never pool areas above 256 pages', () => {
    const { space } = nodes(2);
    const areas = [255, 256].map((n) => space.vmalloc({ ...OWNER, bytes: n * PAGE })!);
    for (const { addr } of areas) space.vfree(addr);
    space.drainVmapAreaWork();
    expect(space.stats().pooled).toBe(256 * PAGE);
  });

  it('let every drain take a quarter of a pool, and all of one with less than four', () => {
    const { space } = nodes(2);
    const some = (count: number, pages: number): void => {
      const areas = Array.from(
        { length: count },
        () => space.vmalloc({ ...OWNER, bytes: pages * PAGE })!,
      );
      for (const { addr } of areas) space.vfree(addr);
    };
    some(9, 1);
    some(3, 4);
    space.drainVmapAreaWork();
    expect(space.stats().pooled).toBe((9 * 2 + 3 * 5) * PAGE);
    space.drainVmapAreaWork();
    expect(space.stats().pooled).toBe(7 * 2 * PAGE);
    space.drainVmapAreaWork();
    expect(space.stats().pooled).toBe(6 * 2 * PAGE);
  });

  it('empty their pools and fill none when address space runs out', () => {
    const { space } = nodes(2);
    const area = space.vmalloc({ ...OWNER, bytes: PAGE })!;
    space.vfree(area.addr);
    space.drainVmapAreaWork();
    expect(space.stats().pooled).toBe(2 * PAGE);
    space.vmap({ ...OWNER, pages: 2 ** 33 });
    expect(space.stats().pooled).toBe(0);
    expect(space.largestFree()).toBe(32 * 2 ** 40 - 1);
  });

  it('are not there before 6.9', () => {
    const { space } = makeSpace('x86-64', { cpus: 4, possibleCpus: 4, lazyAreas: 'merged' });
    space.vfree(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr);
    space.drainVmapAreaWork();
    expect(space.stats().pooled).toBe(0);
  });

  it('serve only requests for the whole window, not modules', () => {
    const { space } = nodes(2);
    const part = space.execmemAlloc({ ...OWNER, bytes: PAGE })!;
    space.execmemFree(part.addr);
    expect(space.stats('modules')).toMatchObject({ pooled: 0, lazy: 0, used: 0 });
  });
});
