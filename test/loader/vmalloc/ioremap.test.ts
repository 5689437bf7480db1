// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { hex, makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;

describe('ioremap', () => {
  it.each([
    [0x1000, 4096, 2],
    [0x2000, 8192, 3],
    [0x3000, 16_384, 4],
    [0x10000, 65_536, 17],
    [0x300000, 4_194_304, 769],
    [0x1000000, 4_194_304, 4097],
  ])('of %i bytes on i386 is aligned to %i and takes %i pages', (bytes, align, pages) => {
    const { space, events } = makeSpace();
    const area = space.ioremap({ ...OWNER, phys: 0xfd000000, bytes })!;
    expect(events[0]).toMatchObject({ align, size: pages * PAGE });
    expect(area.addr % align).toBe(0);
    expect(area.nrPages).toBe(0);
  });

  it.each([
    ['x86-64', 2 ** 30],
    ['arm64', 2 ** 30],
    ['arm32', 512 * 1024],
  ])('is aligned to at most the cap of %s', (name, cap) => {
    const { space, events } = makeSpace(name);
    space.ioremap({ ...OWNER, phys: 0xfd000000, bytes: cap + 1 });
    expect(events[0]).toMatchObject({ align: cap });
  });

  it('lands where a real kernel put the same mappings', () => {
    const { space } = makeSpace();
    // The first areas of that boot, up to f780e000.
    space.vmalloc({ ...OWNER, bytes: 15 * PAGE });
    const addrs = [0x1000, 0x300000, 0x1000000].map((bytes) => {
      const area = space.ioremap({ ...OWNER, phys: 0xfd000000, bytes })!;
      return hex(area.addr);
    });
    expect(addrs).toEqual(['f780e000', 'f7c00000', 'f8000000']);
  });

  it('maps whole pages and tells the physical page; the pointer keeps the offset', () => {
    const { space } = makeSpace();
    const area = space.ioremap({ ...OWNER, phys: 0xfd000123, bytes: 0x100 })!;
    expect(area).toMatchObject({ phys: 0xfd000000, size: 2 * PAGE });
    expect(space.vmallocinfo()).toBe(
      '0xf77fe000-0xf7800000    8192 tester phys=0xfd000000 ioremap\n',
    );
    expect(space.iounmap(area.addr + 0x123)).toBe(area);
    const across = space.ioremap({ ...OWNER, phys: 0xfd000fff, bytes: 2 })!;
    expect(across.size).toBe(3 * PAGE);
  });

  it('leaves the hole before it for small areas', () => {
    const { space } = makeSpace();
    const device = space.ioremap({ ...OWNER, phys: 0xfd000000, bytes: 0x300000 })!;
    expect(hex(device.addr)).toBe('f7800000');
    expect(hex(space.vmalloc({ ...OWNER, bytes: PAGE })!.addr)).toBe('f77fe000');
  });
});
