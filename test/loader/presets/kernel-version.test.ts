// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KERNEL_PRESETS, standInPreset } from '../../../loader/presets/index.ts';

describe('the preset for a release', () => {
  it.each(Object.values(KERNEL_PRESETS).filter(({ release }) => !release.includes('-rc')))(
    '$name is its own',
    ({ name, release }) => {
      expect(standInPreset(release)?.preset.name).toBe(name);
    },
  );

  it.each([
    ['6.1.0-50-686', /^v6\.1/],
    ['v6.2', /^v6\.[12]/],
    ['6.3.13-arch1', /^v6\.3/],
    ['6.4.12', /^v6\.4/],
    ['v6.9', /^v6\.[5-9]/],
    ['6.12.117+deb12-amd64', /^v6\.12/],
    ['5.10.0', /^v6\.1/],
  ])('%s has the newest rules that are not newer', (release, name) => {
    const { preset, why } = standInPreset(release)!;
    expect(preset.name).toMatch(name);
    expect(why).toContain(preset.name);
    expect(why).toContain(release);
  });

  it('is none for a text without a version', () => {
    expect(standInPreset('linux')).toBeUndefined();
    expect(standInPreset('v6')).toBeUndefined();
  });
});
