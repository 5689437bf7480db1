// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { areasOfVmallocinfo, recordedSpace } from '../../../loader/view/recorded-space.ts';

const TEXT = `0xf7000000-0xf7003000   12288 load_module+0x1/0x2 pages=2 vmalloc
0xf7004000-0xf7006000    8192 unpurged vm_area
`;

describe('the space of a recorded run', () => {
  it('is the preset of its name, else made of its bounds', () => {
    const named = recordedSpace({ name: 'i386-128m', start: '0x1', end: '0x2' });
    expect(named).toMatchObject({ ok: true, preset: { vmallocStart: 0xf6ffe000 } });
    const made = recordedSpace({ name: 'own', start: '0xf0000000', end: '0xf1000000' });
    expect(made).toMatchObject({ ok: true, preset: { vmallocEnd: 0xf1000000 } });
    expect(recordedSpace({ name: 'own', start: 'x', end: '0x2' }).ok).toBe(false);
  });

  it('begins with the areas its vmallocinfo tells of', () => {
    const made = recordedSpace({ name: 'i386-128m', start: '', end: '' });
    if (!made.ok) throw new Error(made.message);
    const areas = areasOfVmallocinfo(made.preset, TEXT);
    expect(areas.map(({ start, size }) => [start, size])).toContainEqual([0xf7000000, 0x3000]);
  });
});
