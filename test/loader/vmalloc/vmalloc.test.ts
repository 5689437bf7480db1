// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { GFP } from '../../../loader/vmalloc/index.ts';
import { makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;
const MIB = 1024 * 1024;

describe('what a vmalloc takes', () => {
  it.each([
    [1, [2]],
    [PAGE, [2]],
    [PAGE + 1, [3]],
    [64 * 1024, [17]],
    [MIB, [257]],
    [4 * MIB, [1025]],
    [4 * MIB + 1, [1026, 3]],
    [16 * MIB, [4097, 5]],
    [64 * MIB, [16_385, 17]],
  ])(
    '%i bytes: the main area, then the array of its pages where that exceeds a page',
    (bytes, pages) => {
      const { space, events } = makeSpace();
      expect(space.vmalloc({ ...OWNER, bytes })).not.toBeNull();
      const sizes = events.filter((e) => e.kind === 'alloc_vmap_area').map((e) => e.size / PAGE);
      expect(sizes).toEqual(pages);
    },
  );

  it('on 64-bit the array is nested above 512 pages already', () => {
    const { space, events } = makeSpace('x86-64');
    space.vmalloc({ ...OWNER, bytes: 2 * MIB });
    space.vmalloc({ ...OWNER, bytes: 2 * MIB + 1 });
    const sizes = events.filter((e) => e.kind === 'alloc_vmap_area').map((e) => e.size / PAGE);
    expect(sizes).toEqual([513, 514, 3]);
  });

  it('places the array after its owner, by the same first fit', () => {
    const { space } = makeSpace();
    const low = space.vmalloc({ ...OWNER, bytes: 2 * PAGE })!;
    space.vmalloc({ ...OWNER, bytes: PAGE });
    space.vfree(low.addr);
    space.vmUnmapAliases();
    const main = space.vmalloc({ ...OWNER, bytes: 4_198_400 })!;
    expect(main.pageArray).toMatchObject({ addr: 0xf77fe000, size: 3 * PAGE, nrPages: 2 });
    expect(main).toMatchObject({ addr: 0xf7803000, size: 1026 * PAGE, nrPages: 1025 });
  });

  it('an empty 120 MiB window holds 30,688 pages in one piece, and not one more', () => {
    expect(makeSpace().space.vmalloc({ ...OWNER, bytes: 30_688 * PAGE })).not.toBeNull();
    expect(makeSpace().space.vmalloc({ ...OWNER, bytes: 30_689 * PAGE })).toBeNull();
  });

  it('an empty 120 MiB window holds 15,360 areas of one page', () => {
    const { space } = makeSpace();
    let count = 0;
    while (space.vmalloc({ ...OWNER, bytes: 1, noWarn: true }) !== null) count++;
    expect(count).toBe(15_360);
    expect(space.largestFree()).toBe(0);
    expect(space.usedBytes()).toBe(120 * MIB);
  });

  it('nothing for zero bytes', () => {
    const { space, take } = makeSpace();
    expect(space.vmalloc({ ...OWNER, bytes: 0 })).toBeNull();
    expect(take()).toEqual([]);
  });
});

describe('the events of one vmalloc and its vfree', () => {
  it('come in the kernel order: main area first, both times', () => {
    const { space, take } = makeSpace();
    const area = space.vmalloc({ ...OWNER, purpose: 'file', bytes: 4_198_400 })!;
    expect(take()).toEqual([
      'alloc f77fe000 4202496 align 1',
      'alloc f7c00000 12288 align 1',
      'area f7c00000 12288 pages 2 page_array',
      'area f77fe000 4202496 pages 1025 file',
    ]);
    space.vfree(area.addr);
    expect(take()).toEqual([
      'free f77fe000 lazy 1026 of 24576',
      'free f7c00000 lazy 1029 of 24576',
    ]);
    expect(space.nrVmallocPages).toBe(0);
  });

  it('tell the range and the alignment asked for', () => {
    const { space, events } = makeSpace();
    space.vmalloc({ ...OWNER, bytes: PAGE, align: 16_384 });
    expect(events[0]).toEqual({
      kind: 'alloc_vmap_area',
      va_start: 0xf7800000,
      size: 2 * PAGE,
      align: 16_384,
      vstart: 0xf77fe000,
      vend: 0xfeffe000,
      failed: 0,
    });
  });

  it('carry who asked and for which module and request', () => {
    const { space, events } = makeSpace();
    const owner = { caller: 'load_module', purpose: 'text', module: 'crc16', request: 7 } as const;
    space.execmemAlloc({ ...owner, bytes: 100 });
    expect(events.at(-1)).toEqual({
      kind: 'vm_area',
      va_start: 0xf77fe000,
      size: 2 * PAGE,
      pages: 1,
      ...owner,
    });
  });
});

describe('a vmalloc that finds no room', () => {
  const full = (options = {}) => {
    const fixture = makeSpace('i386-highmem', options);
    fixture.space.vmalloc({ ...OWNER, bytes: 30_688 * PAGE });
    fixture.take();
    return fixture;
  };

  it('tries, purges, tries again, and says so in the words of 6.12', () => {
    const { space, take, log } = full();
    expect(space.vmalloc({ ...OWNER, bytes: 12_368 })).toBeNull();
    expect(take()).toEqual([
      'alloc feffe000 20480 align 1 failed',
      'purge ffffffff 00000000 0',
      'alloc feffe000 20480 align 1 failed',
    ]);
    expect(log()).toEqual([
      'vmalloc_node_range for size 20480 failed: ' +
        'Address range restricted to 0xf77fe000 - 0xfeffe000',
      'insmod: vmalloc error: size 12368, vm_struct allocation failed, ' +
        'mode:0xcc0(GFP_KERNEL), nodemask=(null)',
    ]);
  });

  it('speaks as before 6.11 where asked to, and of cpusets where there are any', () => {
    const { space, log } = full({ vaFailureMessage: 'vmalloc=', cpusets: true });
    space.vmalloc({ ...OWNER, bytes: 12_368 });
    expect(log()).toEqual([
      'vmap allocation for size 20480 failed: use vmalloc=<size> to increase size',
      'insmod: vmalloc error: size 12368, vm_struct allocation failed, ' +
        'mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/,mems_allowed=0',
    ]);
  });

  it('is silent with __GFP_NOWARN', () => {
    const { space, log } = full();
    expect(space.vmalloc({ ...OWNER, bytes: 1, noWarn: true })).toBeNull();
    expect(space.vmalloc({ ...OWNER, bytes: 1, gfp: GFP.GFP_KERNEL | 0x2000 })).toBeNull();
    expect(log()).toEqual([]);
  });

  it('says it ten times in five seconds, and the second line once in ten', () => {
    const fixture = full();
    const attempts = (): number[] => {
      for (let i = 0; i < 15; i++) fixture.space.vmalloc({ ...OWNER, bytes: 1 });
      const lines = fixture.log();
      return ['vmalloc_node_range', 'vmalloc error'].map(
        (text) => lines.filter((line) => line.includes(text)).length,
      );
    };
    expect(attempts()).toEqual([10, 1]);
    fixture.now = 6e9;
    expect(attempts()).toEqual([10, 0]);
    fixture.now = 12e9;
    expect(attempts()).toEqual([10, 1]);
  });

  it('succeeds after the purge when parked areas make the room', () => {
    const { space, take } = makeSpace();
    const area = space.vmalloc({ ...OWNER, bytes: 20_000 * PAGE })!;
    space.vfree(area.addr);
    take();
    expect(space.vmalloc({ ...OWNER, bytes: 15_000 * PAGE })?.addr).toBe(0xf77fe000);
    expect(take().slice(0, 3)).toEqual([
      'alloc feffe000 61444096 align 1 failed',
      'purge f77fe000 fc634000 2',
      'alloc f77fe000 61444096 align 1',
    ]);
  });

  it('asks the notifiers after the purge, and starts over as long as they free something', () => {
    const { space, take } = full();
    let helped = 0;
    const unregister = space.registerPurgeNotifier(() => (helped++ < 2 ? 5 : 0));
    expect(space.vmalloc({ ...OWNER, bytes: 1, noWarn: true })).toBeNull();
    expect(helped).toBe(3);
    expect(take().filter((e) => e.startsWith('purge'))).toHaveLength(3);
    unregister();
    space.vmalloc({ ...OWNER, bytes: 1, noWarn: true });
    expect(helped).toBe(3);
  });

  it('gives the main area back when the array of its pages has no room', () => {
    const { space, take, log } = makeSpace();
    // 30,720 pages: the area takes 30,718 of them, its array would need 31 more.
    expect(space.vmalloc({ ...OWNER, bytes: 30_717 * PAGE })).toBeNull();
    expect(take()).toEqual([
      'alloc f77fe000 125820928 align 1',
      'alloc feffe000 126976 align 1 failed',
      'purge ffffffff 00000000 0',
      'alloc feffe000 126976 align 1 failed',
      'free f77fe000 lazy 30718 of 24576',
    ]);
    expect(log()).toEqual([
      'vmalloc_node_range for size 126976 failed: ' +
        'Address range restricted to 0xf77fe000 - 0xfeffe000',
      'insmod: vmalloc error: size 122868, vm_struct allocation failed, ' +
        'mode:0xdc0(GFP_KERNEL|__GFP_ZERO), nodemask=(null)',
    ]);
    expect(space.usedBytes()).toBe(0);
  });
});

describe('physical memory', () => {
  it('a request beyond RAM fails at once and takes no address space', () => {
    const { space, take, log } = makeSpace('i386-highmem', { totalRamPages: 1000 });
    expect(space.vmalloc({ ...OWNER, bytes: 1001 * PAGE })).toBeNull();
    expect(take()).toEqual([]);
    expect(log()).toEqual([
      'insmod: vmalloc error: size 4100096, exceeds total pages, ' +
        'mode:0xcc0(GFP_KERNEL), nodemask=(null)',
    ]);
    expect(space.vmap({ ...OWNER, pages: 1001 })).toBeNull();
  });

  it('when pages run out the area is parked, not reusable at once', () => {
    const { space, take, log } = makeSpace('i386-highmem', { freePages: 5 });
    expect(space.vmalloc({ ...OWNER, bytes: 8 * PAGE })).toBeNull();
    expect(take()).toEqual(['alloc f77fe000 36864 align 1', 'free f77fe000 lazy 9 of 24576']);
    expect(log()).toEqual([
      'insmod: vmalloc error: size 20480, failed to allocate pages, ' +
        'mode:0xcc2(GFP_KERNEL|__GFP_HIGHMEM), nodemask=(null)',
    ]);
    expect(space.nrVmallocPages).toBe(0);
    expect(space.vmalloc({ ...OWNER, bytes: 5 * PAGE })?.addr).toBe(0xf7807000);
  });
});

describe('kvmalloc', () => {
  const at = (bytes: number, kmallocFails = false) =>
    makeSpace().space.kvmalloc({ ...OWNER, bytes, kmallocFails });

  it('up to 4 MiB is contiguous memory, above always vmalloc', () => {
    for (const bytes of [1, 4096, 4097, 131_073, 4_194_304]) expect(at(bytes)).toBe('kmalloc');
    expect(at(4_194_305)).toMatchObject({ size: 1026 * PAGE });
  });

  it('falls back to vmalloc only above a page, and never beyond 2 GiB', () => {
    expect(at(4096, true)).toBeNull();
    expect(at(4097, true)).toMatchObject({ size: 3 * PAGE });
    expect(makeSpace('x86-64').space.kvmalloc({ ...OWNER, bytes: 2 ** 31 })).toBeNull();
  });

  it('kvfree knows what to give back', () => {
    const { space } = makeSpace();
    space.kvfree('kmalloc');
    space.kvfree(null);
    expect(space.lazyPages).toBe(0);
    space.kvfree(space.kvmalloc({ ...OWNER, bytes: 8192, kmallocFails: true }));
    expect(space.lazyPages).toBe(3);
  });

  it('takes 2 MiB pages on x86-64, aligned, and falls back to small ones', () => {
    const { space, events } = makeSpace('x86-64');
    const big = space.kvmalloc({ ...OWNER, bytes: 5 * MIB });
    expect(big).toMatchObject({ addr: 0x490000000000, nrPages: 1536, size: 6 * MIB + PAGE });
    expect(events[0]).toMatchObject({ align: 2 * MIB });
    space.vmalloc({ ...OWNER, bytes: 5 * MIB });
    expect(events.filter((e) => e.kind === 'alloc_vmap_area').at(-2)).toMatchObject({ align: 1 });
  });
});

describe('freeing what is not there', () => {
  it('address 0 is no error', () => {
    const { space, log } = makeSpace();
    expect(space.vfree(0)).toBeNull();
    expect(space.vunmap(0)).toBeNull();
    expect(log()).toEqual([]);
  });

  it('is reported with the address', () => {
    const { space, log } = makeSpace();
    space.vfree(0xf8000000);
    space.vunmap(0xf8000000);
    space.vfree(0xf8000001);
    space.iounmap(0xf8000123);
    expect(log()).toEqual([
      'Trying to vfree() nonexistent vm area (f8000000)',
      'Trying to vunmap() nonexistent vm area (f8000000)',
      'Trying to vfree() bad address (f8000001)',
      'Trying to vfree() nonexistent vm area (f8000001)',
      'iounmap: bad address f8000123',
    ]);
  });

  it('a page inside an area stands for the area, as in the kernel', () => {
    const { space } = makeSpace();
    const area = space.vmalloc({ ...OWNER, bytes: 4 * PAGE })!;
    expect(space.findVmArea(area.addr + 2 * PAGE)).toBe(area);
    expect(space.vfree(area.addr + 2 * PAGE)).toBe(area);
    expect(space.vfree(area.addr)).toBeNull();
  });
});

describe('vmap', () => {
  it('takes its pages and a guard, and owns none of them', () => {
    const { space, take } = makeSpace();
    const area = space.vmap({ caller: 'module_decompress', purpose: 'image', pages: 3 })!;
    expect(take()).toEqual(['alloc f77fe000 16384 align 1', 'area f77fe000 16384 pages 0 image']);
    expect(space.nrVmallocPages).toBe(0);
    space.vunmap(area.addr);
    expect(take()).toEqual(['free f77fe000 lazy 4 of 24576']);
  });

  it('with VM_MAP_PUT_PAGES vfree releases the pages and their array', () => {
    const { space, take } = makeSpace();
    const pageArray = space.vmalloc({ ...OWNER, bytes: 2 * PAGE });
    const area = space.vmap({ ...OWNER, pages: 1500, putPages: { pageArray } })!;
    expect(space.nrVmallocPages).toBe(2);
    take();
    space.vfree(area.addr);
    expect(take()).toEqual([
      'free f7801000 lazy 1501 of 24576',
      'free f77fe000 lazy 1504 of 24576',
    ]);
    expect(space.nrVmallocPages).toBe(0);
  });
});
