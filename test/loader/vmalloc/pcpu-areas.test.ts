// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { customAddressSpace } from '../../../loader/presets/address-spaces.ts';
import { hex, makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;
/** A chunk of 4 units of 33 pages. */
const CHUNK = [{ offset: 0, size: 540_672 }];

describe('per-CPU chunks', () => {
  it('are stacked downwards from the end of the window, without gaps or guard pages', () => {
    const { space, take } = makeSpace();
    const bases = [1, 2, 3].map(() => space.pcpuGetVmAreas(CHUNK)!.base);
    expect(bases.map(hex)).toEqual(['fef7a000', 'feef6000', 'fee72000']);
    // No tracepoint is passed on this way.
    expect(take()).toEqual([
      'area fef7a000 540672 pages 0 percpu',
      'area feef6000 540672 pages 0 percpu',
      'area fee72000 540672 pages 0 percpu',
    ]);
    expect(space.stats().guard).toBe(0);
  });

  it('go through the lazy list like any area when freed', () => {
    const { space, take } = makeSpace();
    const chunk = space.pcpuGetVmAreas(CHUNK)!;
    take();
    space.pcpuFreeVmAreas(chunk);
    expect(take()).toEqual(['free fef7a000 lazy 132 of 24576']);
    expect(hex(space.pcpuGetVmAreas(CHUNK)!.base)).toBe('feef6000');
    space.vmUnmapAliases();
    expect(hex(space.pcpuGetVmAreas(CHUNK)!.base)).toBe('fef7a000');
  });

  it('step over holes that are too small', () => {
    const { space } = makeSpace();
    const chunks = [1, 2, 3].map(() => space.pcpuGetVmAreas(CHUNK)!);
    space.pcpuFreeVmAreas(chunks[1]!);
    space.vmUnmapAliases();
    expect(hex(space.pcpuGetVmAreas([{ offset: 0, size: 540_672 + PAGE }])!.base)).toBe('feded000');
    expect(hex(space.pcpuGetVmAreas(CHUNK)!.base)).toBe('feef6000');
  });

  it('purge once and try again, without the notifiers, then fail', () => {
    const { space, take } = makeSpace();
    let asked = 0;
    space.registerPurgeNotifier(() => ++asked * 0);
    const all = space.vmalloc({ ...OWNER, bytes: 30_680 * PAGE })!;
    take();
    expect(space.pcpuGetVmAreas(CHUNK)).toBeNull();
    expect(take()).toEqual(['purge ffffffff 00000000 0']);
    space.vfree(all.addr);
    expect(space.pcpuGetVmAreas(CHUNK)?.base).toBe(0xfef7a000);
    expect(asked).toBe(0);
  });

  it('larger than the window fail at once', () => {
    const { space, take } = makeSpace();
    expect(space.pcpuGetVmAreas([{ offset: 0, size: 30_721 * PAGE }])).toBeNull();
    expect(take()).toEqual([]);
  });

  it('of several groups keep their distances and move down until all of them fit', () => {
    const { space } = makeSpace();
    const groups = [
      { offset: 0, size: 16 * PAGE },
      { offset: 1024 * PAGE, size: 16 * PAGE },
    ];
    const first = space.pcpuGetVmAreas(groups)!;
    expect(hex(first.base)).toBe('febee000');
    expect(first.areas.map((a) => hex(a.addr))).toEqual(['febee000', 'fefee000']);
    // The next chunk fits right below, group by group.
    expect(hex(space.pcpuGetVmAreas(groups)!.base)).toBe('febde000');
    // An area in the way of the lower group pulls both down.
    const { space: other } = makeSpace();
    const blocker = other.vmalloc({ ...OWNER, bytes: 1 })!;
    expect(blocker.addr).toBe(0xf77fe000);
    const wide = [groups[0]!, { offset: 30_704 * PAGE, size: 16 * PAGE }];
    expect(other.pcpuGetVmAreas(wide)).toBeNull();
    other.vfree(blocker.addr);
    expect(hex(other.pcpuGetVmAreas(wide)!.base)).toBe('f77fe000');
  });

  it('on 64-bit are aligned to 2 MiB below the ragged end of the window', () => {
    const { space } = makeSpace('x86-64');
    const chunk = space.pcpuGetVmAreas([{ offset: 0, size: 4 * 2 ** 21 }])!;
    expect(chunk.base).toBe(0x490000000000 + 32 * 2 ** 40 - 5 * 2 ** 21);
  });

  it('get the highest base at which all groups are free', () => {
    const PAGES = 80;
    const START = 0xf8000000;
    const made = customAddressSpace('f8000000', (START + PAGES * PAGE).toString(16));
    if (!made.ok) throw new Error(made.message);
    fc.assert(
      fc.property(
        fc.array(fc.record({ pages: fc.integer({ min: 1, max: 6 }), keep: fc.boolean() }), {
          maxLength: 20,
          size: 'max',
        }),
        fc.array(
          fc.record({ gap: fc.integer({ min: 0, max: 12 }), size: fc.integer({ min: 1, max: 5 }) }),
          { minLength: 1, maxLength: 4, size: 'max' },
        ),
        fc.constantFrom(1, 2, 4),
        fc.boolean(),
        (areas, sizes, unit, reversed) => {
          const { space } = makeSpace(made.preset);
          const taken = areas.map((a) => space.vmap({ ...OWNER, pages: a.pages }));
          for (const [i, area] of taken.entries()) {
            if (area !== null && !areas[i]!.keep) space.vunmap(area.addr);
          }
          space.vmUnmapAliases();
          let at = 0;
          const groups = sizes.map(({ gap, size }) => {
            const offset = at + gap * unit * PAGE;
            at = offset + size * unit * PAGE;
            return { offset, size: size * unit * PAGE };
          });
          if (reversed) groups.reverse();
          const busy = space.areas();
          const align = unit * PAGE;
          const free = (from: number, size: number): boolean =>
            from >= START &&
            from + size <= START + PAGES * PAGE &&
            !busy.some((b) => b.start < from + size && from < b.start + b.size);
          let highest = START + PAGES * PAGE - at;
          highest -= highest % align;
          while (highest >= START && !groups.every((g) => free(highest + g.offset, g.size))) {
            highest -= align;
          }
          const got = space.pcpuGetVmAreas(groups, align);
          expect(got?.base ?? -1).toBe(highest >= START ? highest : -1);
          const stats = space.stats();
          expect(stats.used + stats.lazy + stats.free).toBe(stats.total);
        },
      ),
      { numRuns: 500 },
    );
  });
});
