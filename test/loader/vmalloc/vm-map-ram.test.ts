// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { vmapBlockPages } from '../../../loader/vmalloc/index.ts';
import { hex, makeSpace } from './fixture.ts';

const PAGE = 4096;
const OWNER = { caller: 'xfs_buf_map', purpose: 'vm_map_ram' } as const;

describe('the size of a vmap block', () => {
  it.each([
    [1, 1024],
    [2, 1024],
    [4, 512],
    [8, 256],
    [16, 128],
    [32, 64],
    [64, 64],
  ])('of a 32-bit kernel for %i CPUs is %i pages', (nrCpus, pages) => {
    expect(vmapBlockPages(32, 32, nrCpus)).toBe(pages);
  });

  it.each([
    [64, 1024],
    [2048, 1024],
    [4096, 512],
    [8192, 256],
  ])('of a 64-bit kernel for %i CPUs is %i pages', (nrCpus, pages) => {
    expect(vmapBlockPages(64, 64, nrCpus)).toBe(pages);
  });
});

describe('vm_map_ram', () => {
  it('cuts powers of two from one aligned block, each page once', () => {
    const { space, take } = makeSpace();
    const addrs = [3, 32, 1].map((count) => space.vmMapRam(count, OWNER)!);
    expect(addrs.map(hex)).toEqual(['f7800000', 'f7804000', 'f7824000']);
    expect(take()).toEqual([
      'alloc f7800000 1048576 align 1048576',
      'area f7800000 1048576 pages 0 vmap_block',
    ]);
    space.vmUnmapRam(addrs[0]!, 3);
    expect(hex(space.vmMapRam(4, OWNER)!)).toBe('f7825000');
    expect(space.vmallocinfo()).toBe('0xf7800000-0xf7900000 1048576 vm_map_ram\n');
  });

  it('above 32 pages takes an area of exactly that many, without a guard page', () => {
    const { space, take } = makeSpace();
    const addr = space.vmMapRam(33, OWNER)!;
    expect(take()).toEqual([
      'alloc f77fe000 135168 align 4096',
      'area f77fe000 135168 pages 0 vm_map_ram',
    ]);
    expect(space.vmUnmapRam(addr, 33)).toBe(true);
    expect(take()).toEqual(['free f77fe000 lazy 33 of 24576']);
    expect(space.vmUnmapRam(addr, 33)).toBe(false);
  });

  it('opens a block per CPU, and another when the first is too full', () => {
    const fixture = makeSpace();
    const { space } = fixture;
    space.vmMapRam(1, OWNER);
    fixture.cpu = 1;
    expect(hex(space.vmMapRam(1, OWNER)!)).toBe('f7900000');
    for (let i = 0; i < 7; i++) space.vmMapRam(32, OWNER);
    expect(hex(space.vmMapRam(32, OWNER)!)).toBe('f7a00000');
    // The fuller block still serves what fits it: 31 pages are left.
    expect(hex(space.vmMapRam(16, OWNER)!)).toBe('f79e1000');
  });

  it('a block comes back when every page was used and unmapped', () => {
    const { space, take } = makeSpace();
    const addrs = Array.from({ length: 8 }, () => space.vmMapRam(32, OWNER)!);
    take();
    for (const addr of addrs.slice(1)) space.vmUnmapRam(addr, 32);
    expect(take()).toEqual([]);
    space.vmUnmapRam(addrs[0]!, 32);
    expect(take()).toEqual(['free f7800000 lazy 256 of 24576']);
  });

  it('fails with the block size in the message', () => {
    const { space, log } = makeSpace();
    space.vmalloc({ ...OWNER, bytes: 30_600 * PAGE });
    expect(space.vmMapRam(1, OWNER)).toBeNull();
    expect(log()).toEqual([
      'vmalloc_node_range for size 1048576 failed: ' +
        'Address range restricted to 0xf77fe000 - 0xfeffe000',
    ]);
  });
});

describe('an idle block', () => {
  it('stays when most of it was never used, though its dirty pages are flushed once', () => {
    const { space, take } = makeSpace();
    space.vmUnmapRam(space.vmMapRam(4, OWNER)!, 4);
    take();
    space.vmUnmapAliases();
    space.vmUnmapAliases();
    expect(take()).toEqual(['purge f7800000 f7804000 0', 'purge ffffffff 00000000 0']);
  });

  it('goes with vm_unmap_aliases once less than a quarter is unused', () => {
    const { space, take } = makeSpace();
    const addrs = [32, 32, 32, 32, 32, 32].map((count) => space.vmMapRam(count, OWNER)!);
    for (const addr of addrs) space.vmUnmapRam(addr, 32);
    // 64 of 256 pages are left: exactly a quarter, so it stays.
    take();
    space.vmUnmapAliases();
    expect(take()).toEqual(['purge f7800000 f78c0000 0']);
    space.vmUnmapRam(space.vmMapRam(16, OWNER)!, 16);
    space.vmUnmapAliases();
    expect(take()).toEqual(['free f7800000 lazy 256 of 24576', 'purge f7800000 f7900000 1']);
  });

  it('goes in any case when address space runs out', () => {
    const { space, take } = makeSpace();
    space.vmUnmapRam(space.vmMapRam(4, OWNER)!, 4);
    take();
    expect(space.vmalloc({ caller: 'x', purpose: 'other', bytes: 30_600 * PAGE })).not.toBeNull();
    expect(take().slice(0, 4)).toEqual([
      'alloc feffe000 125341696 align 1 failed',
      'free f7800000 lazy 256 of 24576',
      'purge f7800000 f7900000 1',
      'alloc f77fe000 125341696 align 1',
    ]);
  });

  it('is pinned by one live page', () => {
    const { space, take } = makeSpace();
    space.vmMapRam(1, OWNER);
    take();
    space.vmalloc({ caller: 'x', purpose: 'other', bytes: 30_600 * PAGE, noWarn: true });
    expect(take().filter((e) => e.startsWith('free'))).toEqual([]);
  });
});
