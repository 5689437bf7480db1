// SPDX-License-Identifier: MIT
/** The per-CPU allocator. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelLog } from '../../../loader/engine/printk.ts';
import { customAddressSpace } from '../../../loader/presets/address-spaces.ts';
import { PercpuAllocator, type PercpuArea, percpuLayout } from '../../../loader/vmalloc/percpu.ts';
import { hex, makeSpace, preset } from './fixture.ts';

const PAGE = 4096;
const UNIT = 126_976;

function makePercpu(cpus = 1, options: { window?: [string, string]; unitBytes?: number } = {}) {
  const { window, unitBytes = UNIT } = options;
  const custom = window && customAddressSpace(...window, preset('i386-highmem'));
  const where = custom?.ok ? custom.preset : preset('i386-highmem');
  const fixture = makeSpace(where, { cpus });
  const lines: string[] = [];
  const log = new KernelLog(() => 0, { emit: () => {} });
  log.listen((line) => lines.push(line.text));
  let balances = 0;
  const percpu = new PercpuAllocator(fixture.space, {
    cpus,
    log,
    scheduleBalance: () => {
      balances++;
    },
    layout: { unitBytes, units: cpus },
  });
  return { ...fixture, percpu, lines, balances: () => balances };
}

describe('chunks', () => {
  it('hang from the end of the window, one unit for each CPU, without gaps', () => {
    // Seen with four CPUs and units of 33 pages: fef7a000, feef6000, fee72000.
    const { space, percpu } = makePercpu(4, { unitBytes: 33 * PAGE });
    for (let i = 0; i < 12; i++) percpu.alloc(32_768, PAGE);
    const bases = space.areas().filter((a) => a.caller === 'pcpu_get_vm_areas');
    expect(bases.map((a) => [hex(a.start), a.size])).toEqual(
      [
        ['fedee000', 540_672],
        ['fee72000', 540_672],
        ['feef6000', 540_672],
        ['fef7a000', 540_672],
      ].slice(-bases.length),
    );
    expect(percpu.chunks).toBe(3);
    // A unit above 128 KiB has two maps of more than a page: 2 pages and a guard page each.
    const maps = space.areas().filter((a) => a.caller === 'pcpu_create_chunk');
    expect(maps.map((a) => a.size)).toEqual(Array.from({ length: 6 }, () => 12_288));
  });

  it('keep their maps out of the window when a unit is at most 128 KiB', () => {
    const { space, percpu } = makePercpu();
    percpu.alloc(8, 8);
    expect(space.areas().map((a) => a.caller)).toEqual(['pcpu_get_vm_areas']);
  });

  it('are given back by the balance work but for one', () => {
    const { space, percpu, balances } = makePercpu();
    const areas = Array.from({ length: 12 }, () => percpu.alloc(32_768, PAGE)!);
    expect(percpu.chunks).toBe(4);
    for (const area of areas) percpu.free(area);
    expect(balances()).toBeGreaterThan(0);
    percpu.balanceWork();
    percpu.balanceWork();
    expect(percpu.chunks).toBe(1);
    const [left, ...others] = space.areas().filter((a) => a.state === 'busy');
    expect(others).toEqual([]);
    expect(areas.map((area) => area.chunk.areas.base)).toContain(left!.start);
  });

  it('are filled before a new one is made', () => {
    const { percpu } = makePercpu();
    for (let i = 0; i < UNIT / 64; i++) percpu.alloc(61, 4);
    expect(percpu.chunks).toBe(1);
    percpu.alloc(1, 1);
    expect(percpu.chunks).toBe(2);
  });
});

describe('a request', () => {
  it.each([
    [0, 4],
    [32_769, 4],
    [8, 8192],
    [8, 24],
  ])('of %i bytes aligned to %i is refused', (size, align) => {
    expect(makePercpu().percpu.alloc(size, align)).toBeNull();
  });

  it('without room for a chunk fails with the kernel’s line, ten times', () => {
    const { percpu, lines } = makePercpu(1, { window: ['0xf0000000', '0xf0010000'] });
    for (let i = 0; i < 12; i++) expect(percpu.alloc(1024, 8)).toBeNull();
    const line =
      'percpu: allocation failed, size=1024 align=8 atomic=0, failed to allocate new chunk';
    expect(lines).toEqual([
      ...Array.from({ length: 10 }, () => line),
      'percpu: limit reached, disable warning',
    ]);
  });

  it('that finds no room for its chunk leaves no maps behind', () => {
    const { space, percpu } = makePercpu(4, {
      unitBytes: 33 * PAGE,
      window: ['0xf0000000', '0xf0080000'],
    });
    expect(percpu.alloc(4, 4)).toBeNull();
    expect(space.usedBytes()).toBe(0);
  });
});

describe('pages', () => {
  it('are had with what lies on them, and four more are kept ready', () => {
    const { percpu, balances } = makePercpu();
    const area = percpu.alloc(5000, 4)!;
    const { chunk } = area;
    expect([chunk.populatedPages, chunk.emptyPages]).toEqual([2, 0]);
    expect(balances()).toBe(1);
    percpu.balanceWork();
    expect([chunk.populatedPages, chunk.emptyPages]).toEqual([6, 4]);
    // Two empty ones are enough.
    percpu.alloc(2 * PAGE, PAGE);
    expect([chunk.populatedPages, chunk.emptyPages, balances()]).toEqual([6, 2, 1]);
  });

  it('of a chunk that is mostly empty are given back, and it is put aside', () => {
    const { percpu } = makePercpu();
    const areas = Array.from({ length: 3 }, () => percpu.alloc(32_768, PAGE)!);
    percpu.balanceWork();
    const { chunk } = areas[0]!;
    expect(chunk.emptyPages).toBe(4);
    const others = Array.from({ length: 3 }, () => percpu.alloc(32_768, PAGE)!);
    percpu.balanceWork();
    percpu.free(others[0]!);
    percpu.free(areas[0]!);
    expect(chunk.isolated).toBe(true);
    percpu.balanceWork();
    expect([chunk.populatedPages, chunk.emptyPages]).toEqual([16, 0]);
    // What is put aside is still found, after all others.
    expect(percpu.alloc(8, 8)!.chunk).toBe(others[0]!.chunk);
  });
});

describe('placement', () => {
  it('never overlaps, keeps to alignments and never promises more than there is', () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 5000 }),
      order: fc.integer({ min: 0, max: 12 }),
      free: fc.option(fc.nat(), { freq: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const { percpu } = makePercpu();
        const used = new Map<number, Uint8Array>();
        const live: PercpuArea[] = [];
        for (const { size, order, free } of steps) {
          if (free !== null && live.length > 0) {
            const [area] = live.splice(free % live.length, 1);
            const { base } = area!.chunk.areas;
            used.get(base)!.fill(0, area!.addr - base, area!.addr - base + area!.size);
            percpu.free(area!);
            continue;
          }
          const align = 2 ** order;
          const area = percpu.alloc(size, align)!;
          const { base } = area.chunk.areas;
          const offset = area.addr - base;
          const map = used.get(base) ?? new Uint8Array(UNIT);
          used.set(base, map);
          expect(area.size).toBe(Math.ceil(size / 4) * 4);
          expect(offset % Math.max(align, 4)).toBe(0);
          expect(offset + area.size).toBeLessThanOrEqual(UNIT);
          expect(map.subarray(offset, offset + area.size).indexOf(1)).toBe(-1);
          map.fill(1, offset, offset + area.size);
          live.push(area);
        }
        for (const area of live) {
          const { chunk } = area;
          const map = used.get(chunk.areas.base)!;
          expect(chunk.free).toBe(map.reduce((sum, byte) => sum + 1 - byte, 0));
          expect(chunk.hint).toBeLessThanOrEqual(longestRun(map));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('percpuLayout', () => {
  it('gives each CPU a unit of whole pages where an atom is a page', () => {
    expect(percpuLayout(126_976, PAGE, 6)).toEqual({ unitBytes: 126_976, units: 6 });
    expect(percpuLayout(20_000, PAGE, 2)).toEqual({ unitBytes: 32_768, units: 2 });
  });

  it.each([
    // Units per 2 MiB atom as x86-64 kernels print them: u2097152, u1048576, u524288, u262144.
    [1, 200_000, 2_097_152, 1],
    [2, 200_000, 1_048_576, 2],
    [4, 200_000, 524_288, 4],
    [8, 200_000, 262_144, 8],
    [8, 270_336, 524_288, 8],
    [6, 200_000, 262_144, 8],
  ])('shares 2 MiB atoms among %i CPUs of %i bytes', (cpus, content, unitBytes, units) => {
    expect(percpuLayout(content, 2 ** 21, cpus)).toEqual({ unitBytes, units });
  });
});

function longestRun(map: Uint8Array): number {
  let best = 0;
  let run = 0;
  for (const byte of map) {
    run = byte === 0 ? run + 1 : 0;
    if (run > best) best = run;
  }
  return best;
}
