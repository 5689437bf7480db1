// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  absoluteAddress,
  formatAddress,
  formatHex,
  parseAddress,
} from '../../../loader/base/index.ts';
import {
  ADDRESS_SPACES,
  addressSpace,
  customAddressSpace,
  DEFAULT_ADDRESS_SPACE,
  vmallocBootOption,
} from '../../../loader/presets/address-spaces.ts';
import { makeSpace, OWNER, preset } from './fixture.ts';

const MIB = 1024 * 1024;

describe('the bundled address spaces', () => {
  it.each([
    ['i386-128m', 'f6ffe000', 'feffe000', 128 * MIB],
    ['i386-highmem', 'f77fe000', 'feffe000', 120 * MIB],
    ['i386-debian', 'f73fe000', 'febfe000', 120 * MIB],
    ['x86-64', 'ffffc90000000000', 'ffffe8ffffffffff', 32 * 2 ** 40 - 1],
    ['arm32', 'f0800000', 'ff800000', 240 * MIB],
    ['arm64', 'ffff800080000000', 'fffffdffbf800000', 0x7dff3f800000],
  ])('%s runs from %s to %s', (name, start, end, bytes) => {
    const space = preset(name);
    expect(formatAddress(space, space.vmallocStart)).toBe(start);
    expect(formatAddress(space, space.vmallocEnd)).toBe(end);
    expect(space.vmallocEnd - space.vmallocStart).toBe(bytes);
  });

  it('the default has exactly 32,768 pages', () => {
    const space = preset(DEFAULT_ADDRESS_SPACE);
    expect((space.vmallocEnd - space.vmallocStart) / 4096).toBe(32_768);
    expect(ADDRESS_SPACES.size).toBe(6);
  });

  it.each([
    ['x86-64', 'ffffffffc0000000', 'ffffffffff000000', 1008 * MIB],
    ['arm32', 'bf000000', 'bfe00000', 14 * MIB],
    ['arm64', 'ffff800078000000', 'ffff800080000000', 128 * MIB],
  ])('%s keeps modules apart, from %s to %s', (name, start, end, bytes) => {
    const space = preset(name);
    const modules = space.modules as { start: number; end: number };
    expect(formatAddress(space, modules.start)).toBe(start);
    expect(formatAddress(space, modules.end)).toBe(end);
    expect(modules.end - modules.start).toBe(bytes);
  });

  it('an unknown name is answered with the known ones', () => {
    expect(addressSpace('i386-128m')).toMatchObject({ ok: true });
    expect(addressSpace('vax')).toEqual({
      ok: false,
      message:
        'unknown address space "vax", expected one of ' +
        'i386-128m, i386-highmem, i386-debian, x86-64, arm32, arm64',
    });
  });
});

describe('custom address spaces', () => {
  it('take a start and an end', () => {
    const made = customAddressSpace('0xf6ffe000', 'feffe000');
    expect(made).toMatchObject({
      ok: true,
      preset: { vmallocStart: 0xf6ffe000, vmallocEnd: 0xfeffe000, arch: 'i386' },
    });
    expect(
      customAddressSpace('ffffc90000000000', 'ffffc90040000000', preset('x86-64')),
    ).toMatchObject({ ok: true, preset: { vmallocStart: 0x490000000000 } });
  });

  it.each([
    ['xyz', 'feffe000', 'window start: "xyz" is not a hexadecimal address'],
    ['f6ffe000', '1feffe000', 'window end: "1feffe000" does not fit 32 bits'],
    ['f6ffe001', 'feffe000', 'window start f6ffe001 is not a multiple of 4096'],
    ['0', 'feffe000', 'window start is 0, expected above the null page'],
    ['feffe000', 'f6ffe000', 'window feffe000 to f6ffe000 holds less than two pages'],
    ['f6ffe000', 'f6fff000', 'window f6ffe000 to f6fff000 holds less than two pages'],
  ])('refuse %s to %s', (start, end, message) => {
    expect(customAddressSpace(start, end)).toEqual({ ok: false, message });
  });

  it('follow the vmalloc= boot option on i386', () => {
    const window = (mib: number) => {
      const made = vmallocBootOption(mib);
      return made.ok ? formatAddress(made.preset, made.preset.vmallocStart) : made.message;
    };
    expect(window(128)).toBe('f6ffe000');
    expect(window(256)).toBe('eeffe000');
    expect(window(0)).toBe('vmalloc=0M: expected whole megabytes from 1 to 999');
    expect(window(1000)).toBe('vmalloc=1000M: expected whole megabytes from 1 to 999');
    expect(window(1.5)).toContain('expected whole megabytes');
  });
});

describe('addresses as text', () => {
  it('have 8 or 16 digits, or as many as needed', () => {
    expect(formatAddress(preset('i386-128m'), 0x1000)).toBe('00001000');
    expect(formatHex(preset('i386-128m'), 0x1000)).toBe('0x1000');
    expect(formatAddress(preset('x86-64'), 0x490000000000)).toBe('ffffc90000000000');
    expect(formatHex(preset('x86-64'), 0x7fffffffffff)).toBe('0xffffffffffffffff');
    expect(absoluteAddress(preset('x86-64'), 1)).toBe(0xffff800000000001n);
  });

  it('come back from text', () => {
    for (const name of ADDRESS_SPACES.keys()) {
      const space = preset(name);
      for (const va of [space.vmallocStart, space.vmallocEnd - 1, space.vmallocEnd]) {
        expect(parseAddress(space, formatAddress(space, va))).toEqual({ ok: true, addr: va });
        expect(parseAddress(space, formatHex(space, va))).toEqual({ ok: true, addr: va });
      }
    }
  });

  it.each([
    ['', '"" is not a hexadecimal address'],
    ['0x', '"0x" is not a hexadecimal address'],
    ['-1', '"-1" is not a hexadecimal address'],
    ['00000000000000000', 'is not a hexadecimal address'],
    ['1000', '"1000" lies below this address space (0xffff800000000000)'],
  ])('%j is no address of x86-64', (text, message) => {
    expect(parseAddress(preset('x86-64'), text)).toEqual({
      ok: false,
      message: expect.stringContaining(message),
    });
  });
});

describe('64-bit addresses', () => {
  it.each(['x86-64', 'arm64'])('of %s are exact to the page and truly aligned', (name) => {
    const { space } = makeSpace(name, { possibleCpus: 1 });
    const base = preset(name).base;
    for (const shift of [0, 12, 16, 21, 30, 40]) {
      const align = 2 ** shift;
      const area = space.vmalloc({ ...OWNER, bytes: 3 * 4096, align })!;
      const whole = base + BigInt(area.addr);
      expect(whole % BigInt(align)).toBe(0n);
      expect(whole % 4096n).toBe(0n);
      expect(space.vmallocinfo()).toContain(`0x${whole.toString(16)}-`);
    }
  });

  it('the last page of the x86-64 window cannot be had, its last byte is missing', () => {
    const { space } = makeSpace('x86-64', { possibleCpus: 1 });
    const all = 32 * 2 ** 40;
    const owner = { ...OWNER, phys: 0 };
    // ioremap owns no pages, so only the range matters.
    expect(space.ioremap({ ...owner, bytes: all - 4096 })).toBeNull();
    const low = space.vmap({ ...OWNER, pages: all / 4096 - 2 })!;
    expect(low.addr + low.size).toBe(0x490000000000 + all - 4096);
    expect(space.vmap({ ...OWNER, pages: 1 })).toBeNull();
  });

  it('an empty purge spans from the last address to 0', () => {
    const { space, events } = makeSpace('x86-64');
    space.vmUnmapAliases();
    const purge = events[0] as { start: number; end: number };
    expect(absoluteAddress(preset('x86-64'), purge.start)).toBe(0xffffffffffffffffn);
    expect(absoluteAddress(preset('x86-64'), purge.end)).toBe(0n);
  });

  it('modules live in their own range', () => {
    const { space } = makeSpace('x86-64');
    const text = space.execmemAlloc({ ...OWNER, bytes: 5000 })!;
    expect(formatAddress(preset('x86-64'), text.addr)).toBe('ffffffffc0000000');
    expect(space.usedBytes()).toBe(0);
    expect(space.stats('modules')).toMatchObject({
      total: 1008 * MIB,
      used: 12_288,
      busy_areas: 1,
    });
  });

  it('arm64 fills the 128 MiB near the kernel first, then the 2 GiB region', () => {
    const { space } = makeSpace('arm64');
    const at = (bytes: number): string =>
      formatAddress(preset('arm64'), space.execmemAlloc({ ...OWNER, bytes })!.addr);
    expect(at(127 * MIB)).toBe('ffff800078000000');
    expect(at(2 * MIB)).toBe('ffff800000000000');
    expect(space.stats('modules').total).toBe(2048 * MIB);
  });
});
