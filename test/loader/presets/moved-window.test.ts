// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADDRESS_SPACES, movedPreset, windowAround } from '../../../loader/presets/index.ts';

const preset = (name: string) => ADDRESS_SPACES.get(name)!;
const hex = (value: bigint) => value.toString(16).padStart(16, '0');
const line = (start: bigint, size: bigint) =>
  `0x${hex(start)}-0x${hex(start + size)} ${size} f+0x0/0x1 vmalloc\n`;

describe('a window that depends on the boot', () => {
  it('holds the areas of x86-64, whatever base was drawn, and keeps its size', () => {
    const { vmallocStart, vmallocEnd } = preset('x86-64');
    const base = fc.bigInt(0xffff888000000000n >> 30n, (0xffffe00000000000n >> 30n) - 32768n);
    const area = fc.bigInt(0n, (1n << 18n) - 2n);
    fc.assert(
      fc.property(base, area, (pud, page) => {
        const start = (pud << 30n) + (page << 12n);
        const text = line(start, 8192n) + line(0xffffffffc0c88000n, 188416n);
        const { preset: moved, note } = windowAround(preset('x86-64'), text);
        const first = moved.base + BigInt(moved.vmallocStart);
        const stays = moved.vmallocStart === vmallocStart;
        expect(first <= start && start + 8192n <= first + BigInt(vmallocEnd - vmallocStart)).toBe(
          true,
        );
        expect(moved.vmallocEnd - moved.vmallocStart).toBe(vmallocEnd - vmallocStart);
        if (stays) expect(note).toBeUndefined();
        else {
          expect(first).toBe(pud << 30n);
          expect(note).toContain('a guess');
          expect(movedPreset(moved.name, ADDRESS_SPACES)).toEqual(moved);
        }
      }),
    );
  });

  it('begins on arm at the 8 MiB below the first area that is no module, and ends where it did', () => {
    const text = line(0xbf000000n, 16384n) + line(0xc2804000n, 266240n);
    const { preset: moved } = windowAround(preset('arm32'), text);
    expect(moved.vmallocStart).toBe(0xc2800000);
    expect(moved.vmallocEnd).toBe(0xff800000);
    expect(moved.modules).toEqual(preset('arm32').modules);
  });

  it.each([
    ['no area', 'arm32', ''],
    ['areas that fit', 'arm32', line(0xf0804000n, 8192n)],
    ['modules alone', 'arm32', line(0xbf000000n, 8192n)],
    ['an area that overlaps the modules', 'arm32', line(0xbfd00000n, 0x200000n)],
    ['a fixed window', 'i386-128m', line(0xe0000000n, 8192n)],
    [
      'areas further apart than any window',
      'x86-64',
      line(0xffff900000000000n, 8192n) + line(0xffffe00000000000n, 8192n),
    ],
    ['no vmallocinfo', 'x86-64', 'vmalloc\n0xzz-0x1 3\n'],
  ])('stays for %s', (_, name, text) => {
    expect(windowAround(preset(name), text)).toEqual({ preset: preset(name) });
  });

  it('has no name that is not a preset', () => {
    for (const name of [
      'i386@0x0',
      'arm32',
      'arm32@c2800000',
      'arm32@0xbf000000',
      'arm32@0xffff0000',
    ]) {
      expect(movedPreset(name, ADDRESS_SPACES)).toBeUndefined();
    }
  });
});
