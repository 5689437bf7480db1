// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type Fixture, hex, makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;

describe('the threshold of parked pages', () => {
  it.each([
    [1, 8192],
    [2, 16_384],
    [3, 16_384],
    [4, 24_576],
    [7, 24_576],
    [8, 32_768],
    [15, 32_768],
    [16, 40_960],
    [31, 40_960],
    [32, 49_152],
    [63, 49_152],
    [64, 57_344],
    [128, 65_536],
    [255, 65_536],
    [256, 73_728],
    [512, 81_920],
  ])('with %i CPUs online is %i pages', (cpus, pages) => {
    const { space, take } = makeSpace('i386-highmem', { cpus });
    space.vfree(space.vmalloc({ ...OWNER, bytes: 1 })!.addr);
    expect(take().at(-1)).toBe(`free f77fe000 lazy 2 of ${pages}`);
  });

  /** The loop "vmalloc a page, vfree it": parked pages just before the counter drops. */
  const sweep = (cpus: number): { lazy: number; highest: number; again: number } => {
    const fixture = makeSpace('i386-highmem', { cpus });
    const { space } = fixture;
    let highest = 0;
    for (;;) {
      const before = space.lazyPages;
      const area = space.vmalloc({ ...OWNER, bytes: PAGE })!;
      if (space.lazyPages < before) return { lazy: before, highest, again: area.addr };
      highest = Math.max(highest, area.addr);
      space.vfree(area.addr);
      const parked = space.lazyPages;
      if (fixture.drains() > 0) {
        space.drainVmapAreaWork();
        const next = space.vmalloc({ ...OWNER, bytes: PAGE })!;
        return { lazy: parked, highest, again: next.addr };
      }
    }
  };

  it.each([
    [1, 8194],
    [2, 16_386],
    [3, 16_386],
    [4, 24_578],
    [7, 24_578],
  ])('with %i CPUs is crossed at %i pages, strictly above it', (cpus, lazy) => {
    expect(sweep(cpus)).toMatchObject({ lazy, again: 0xf77fe000 });
  });

  it('is out of reach in a 120 MiB window with 8 CPUs: the sweep ends when the window does', () => {
    expect(sweep(8)).toEqual({ lazy: 30_720, highest: 0xfeffc000, again: 0xf77fe000 });
  });

  it('lets every 4,097th pass of the loop purge with one CPU', () => {
    const fixture = makeSpace('i386-highmem', { cpus: 1 });
    const { space } = fixture;
    let drains = 0;
    for (let i = 1; i <= 4097 * 3; i++) {
      space.vfree(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr);
      if (fixture.drains() > drains) {
        expect(i % 4097).toBe(0);
        space.drainVmapAreaWork();
        drains++;
      }
    }
    expect(drains).toBe(3);
  });
});

describe('the drain work', () => {
  it('is queued once until it has begun, however many frees go past the threshold', () => {
    const fixture = makeSpace('i386-highmem', { cpus: 1 });
    const { space } = fixture;
    const areas = Array.from({ length: 20 }, () => space.vmalloc({ ...OWNER, bytes: 999 * PAGE })!);
    for (const { addr } of areas) space.vfree(addr);
    expect(space.lazyPages).toBe(20_000);
    expect(fixture.drains()).toBe(1);
    space.drainVmapAreaWork();
    expect(space.lazyPages).toBe(0);
    space.vfree(space.vmalloc({ ...OWNER, bytes: 9000 * PAGE })!.addr);
    expect(fixture.drains()).toBe(2);
  });

  it('finding nothing still leaves its trace', () => {
    const { space, take } = makeSpace();
    space.drainVmapAreaWork();
    expect(take()).toEqual(['purge ffffffff 00000000 0']);
  });
});

describe('a freed area', () => {
  it('is neither free nor used until a purge', () => {
    const { space } = makeSpace();
    const area = space.vmalloc({ ...OWNER, bytes: 9 * PAGE })!;
    space.vfree(area.addr);
    expect(space.usedBytes()).toBe(0);
    expect(space.lazyBytes()).toBe(10 * PAGE);
    expect(space.largestFree()).toBe(30_710 * PAGE);
    expect(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr).toBe(area.addr + 10 * PAGE);
    space.vmUnmapAliases();
    expect(space.lazyBytes()).toBe(0);
    expect(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr).toBe(area.addr);
  });

  it('makes consecutive pairs march upwards through the window', () => {
    const { space } = makeSpace();
    const addrs = Array.from({ length: 5 }, () => {
      const { addr } = space.vmalloc({ ...OWNER, bytes: PAGE })!;
      space.vfree(addr);
      return hex(addr);
    });
    expect(addrs).toEqual(['f77fe000', 'f7800000', 'f7802000', 'f7804000', 'f7806000']);
  });
});

describe('a purge', () => {
  const parked = ({ space }: Fixture): void => {
    const areas = [3, 1, 4, 1, 5].map((n) => space.vmalloc({ ...OWNER, bytes: n * PAGE })!);
    for (const i of [3, 0, 1]) space.vfree(areas[i]!.addr);
  };

  it('covers the lowest to the highest parked address and counts areas, not runs', () => {
    const fixture = makeSpace();
    parked(fixture);
    fixture.take();
    fixture.space.drainVmapAreaWork();
    expect(fixture.take()).toEqual(['purge f77fe000 f780b000 3']);
  });

  it('before 6.9 counts runs of neighbours', () => {
    const fixture = makeSpace('i386-highmem', { lazyAreas: 'merged' });
    parked(fixture);
    expect(fixture.space.vmallocinfo().match(/.*unpurged vm_area/g)).toEqual([
      '0xf77fe000-0xf7804000   24576 unpurged vm_area',
      '0xf7809000-0xf780b000    8192 unpurged vm_area',
    ]);
    fixture.take();
    fixture.space.drainVmapAreaWork();
    expect(fixture.take()).toEqual(['purge f77fe000 f780b000 2']);
    expect(fixture.space.lazyPages).toBe(0);
  });

  it('keeps used, parked and free adding up to the window', () => {
    const fixture = makeSpace();
    parked(fixture);
    const { used, lazy, free, total } = fixture.space.stats();
    expect([used, lazy, free]).toEqual([11 * PAGE, 8 * PAGE, (30_720 - 19) * PAGE]);
    expect(total).toBe(30_720 * PAGE);
  });
});

describe('module memory', () => {
  it('is announced and purged as a real load and unload were traced', () => {
    const { space, take } = makeSpace();
    const file = space.vmalloc({ ...OWNER, purpose: 'file', bytes: 12_368 })!;
    const part = (purpose: 'text' | 'data' | 'rodata' | 'init_text') =>
      space.execmemAlloc({ caller: 'load_module', purpose, bytes: 4000 })!;
    const [text, data, rodata, init] = [
      part('text'),
      part('data'),
      part('rodata'),
      part('init_text'),
    ];
    space.vmUnmapAliases();
    space.vmUnmapAliases();
    space.vfree(file.addr);
    expect(take().filter((e) => !e.startsWith('area'))).toEqual([
      'alloc f77fe000 20480 align 1',
      'alloc f7803000 8192 align 4096',
      'alloc f7805000 8192 align 4096',
      'alloc f7807000 8192 align 4096',
      'alloc f7809000 8192 align 4096',
      'purge ffffffff 00000000 0',
      'purge ffffffff 00000000 0',
      'free f77fe000 lazy 5 of 24576',
    ]);
    for (const { addr } of [text, rodata, init, data]) space.execmemFree(addr);
    expect(take()).toEqual([
      'free f7803000 lazy 7 of 24576',
      'purge f77fe000 f7805000 2',
      'free f7807000 lazy 2 of 24576',
      'purge f7807000 f7809000 1',
      'free f7809000 lazy 2 of 24576',
      'purge f7809000 f780b000 1',
      'free f7805000 lazy 2 of 24576',
      'purge f7805000 f7807000 1',
    ]);
    expect(space.nrVmallocPages).toBe(0);
  });

  it('a part above 4 MiB leaves the array of its pages parked after its own purge', () => {
    const { space, take } = makeSpace();
    const part = space.execmemAlloc({ ...OWNER, bytes: 4_194_305 })!;
    take();
    space.execmemFree(part.addr);
    expect(take()).toEqual([
      'free f77fe000 lazy 1026 of 24576',
      'purge f77fe000 f7c00000 1',
      'free f7c00000 lazy 3 of 24576',
    ]);
  });

  it('starts at the KASLR offset', () => {
    const { space } = makeSpace('i386-highmem', { moduleLoadOffset: 1024 });
    expect(space.execmemAlloc({ ...OWNER, bytes: 1 })!.addr).toBe(0xf7bfe000);
    expect(space.vmalloc({ ...OWNER, bytes: 1 })!.addr).toBe(0xf77fe000);
  });

  it('without room gives the one line of execmem, ten times in five seconds', () => {
    const { space, log } = makeSpace();
    space.vmalloc({ ...OWNER, bytes: 30_688 * PAGE });
    for (let i = 0; i < 12; i++) expect(space.execmemAlloc({ ...OWNER, bytes: 1 })).toBeNull();
    expect(log()).toEqual(Array(10).fill('execmem: unable to allocate memory'));
  });

  it('before 6.10 complains like any vmalloc', () => {
    const { space, log } = makeSpace('i386-highmem', {
      moduleAllocator: 'module_alloc',
      vaFailureMessage: 'vmalloc=',
    });
    space.vmalloc({ ...OWNER, bytes: 30_688 * PAGE });
    expect(space.execmemAlloc({ ...OWNER, bytes: 1 })).toBeNull();
    expect(log()).toEqual([
      'vmap allocation for size 8192 failed: use vmalloc=<size> to increase size',
      'insmod: vmalloc error: size 1, vm_struct allocation failed, ' +
        'mode:0xcc0(GFP_KERNEL), nodemask=(null)',
    ]);
  });

  it('on arm32 falls back to the vmalloc window when its own 14 MiB are full', () => {
    const { space, take, log } = makeSpace('arm32');
    const own = space.execmemAlloc({ ...OWNER, bytes: 14 * 1024 * 1024 - PAGE })!;
    expect(hex(own.addr)).toBe('bf000000');
    take();
    const other = space.execmemAlloc({ ...OWNER, bytes: PAGE })!;
    // The array of the big part's pages is the first thing in the window.
    expect(hex(other.addr)).toBe('f0805000');
    expect(take()).toEqual([
      'alloc bfe00000 8192 align 1 failed',
      'purge ffffffff 00000000 0',
      'alloc bfe00000 8192 align 1 failed',
      'alloc f0805000 8192 align 1',
      'area f0805000 8192 pages 1 other',
    ]);
    expect(log()).toEqual([]);
    expect(space.stats('modules')).toMatchObject({
      total: 14 * 1024 * 1024,
      free: 0,
      used: 14 * 1024 * 1024,
    });
    expect(space.usedBytes()).toBe(7 * PAGE);
  });
});
