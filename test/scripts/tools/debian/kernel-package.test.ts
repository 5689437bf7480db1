// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseKernels,
  compareVersions,
  isOfSeries,
  kernelVersion,
} from '../../../../scripts/tools/debian/kernel-package.ts';

const I386 = [
  'linux-image-686',
  'linux-image-686-pae',
  'linux-image-6.1.0-9-686',
  'linux-image-6.1.0-50-686',
  'linux-image-6.1.0-47-686',
  'linux-image-6.1.0-50-686-dbg',
  'linux-image-6.1.0-50-686-pae',
  'linux-image-6.1.0-50-686-unsigned',
  'linux-image-6.1.0-50-rt-686-pae',
  'linux-image-i386-signed-template',
];
const AMD64 = [
  'linux-image-amd64',
  'linux-image-6.1.0-56-amd64',
  'linux-image-6.12-amd64',
  'linux-image-6.12.100+deb12-amd64',
  'linux-image-6.12.117+deb12-amd64',
  'linux-image-6.12.117+deb12-cloud-amd64',
  'linux-image-6.12.117+deb12-rt-amd64',
  'linux-image-6.12.117+deb12-amd64-unsigned',
  'linux-image-6.12.57+deb13-amd64',
];

describe('Debian’s kernel packages', () => {
  it('are told from meta packages, other flavours and debug symbols', () => {
    expect(I386.filter((name) => kernelVersion(name, 'i386') !== undefined)).toEqual([
      'linux-image-6.1.0-9-686',
      'linux-image-6.1.0-50-686',
      'linux-image-6.1.0-47-686',
    ]);
    expect(kernelVersion('linux-image-6.1.0-50-686', 'i386')).toBe('6.1.0-50');
    expect(kernelVersion('linux-image-6.12.117+deb12-amd64', 'amd64')).toBe('6.12.117+deb12');
    expect(kernelVersion('linux-image-6.1.0-50-686', 'amd64')).toBeUndefined();
  });

  it('are chosen newest first, by number', () => {
    expect(chooseKernels(I386, 'i386', '6.1')[0]).toBe('linux-image-6.1.0-50-686');
    expect(chooseKernels(I386, 'i386', '6.1').at(-1)).toBe('linux-image-6.1.0-9-686');
    expect(chooseKernels(AMD64, 'amd64', '6.12')).toEqual([
      'linux-image-6.12.117+deb12-amd64',
      'linux-image-6.12.100+deb12-amd64',
      'linux-image-6.12.57+deb13-amd64',
    ]);
  });

  it('are taken by series or by whole version', () => {
    expect(chooseKernels(AMD64, 'amd64', '6.1')).toEqual(['linux-image-6.1.0-56-amd64']);
    expect(chooseKernels(I386, 'i386', '6.1.0-47')).toEqual(['linux-image-6.1.0-47-686']);
    expect(chooseKernels(I386, 'i386', '6.1.0-4')).toEqual([]);
    expect(chooseKernels(AMD64, 'amd64', '5.10')).toEqual([]);
    expect(isOfSeries('6.12.117+deb12', '6.12.117')).toBe(true);
    expect(isOfSeries('6.12.117+deb12', '6.12.11')).toBe(false);
  });

  it('compares versions as an order', () => {
    const version = fc.stringMatching(/^\d{1,3}(\.\d{1,3}){0,3}([-+~][a-z]{0,3}\d{1,2})?$/);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
