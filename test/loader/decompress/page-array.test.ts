// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { pageArrayGrowth } from '../../../loader/decompress/index.ts';

describe('the page pointer array', () => {
  it('begins with twice the pages of the compressed file, four bytes each on i386', () => {
    expect(pageArrayGrowth(484_120, 200)).toEqual([{ entries: 238, bytes: 952, atPage: 0 }]);
    expect(pageArrayGrowth(1, 2)).toEqual([{ entries: 2, bytes: 8, atPage: 0 }]);
    expect(pageArrayGrowth(4096, 0)).toEqual([{ entries: 2, bytes: 8, atPage: 0 }]);
    expect(pageArrayGrowth(4097, 4)).toEqual([{ entries: 4, bytes: 16, atPage: 0 }]);
  });

  it('doubles when one more page is taken than it holds', () => {
    expect(pageArrayGrowth(4096, 3)).toEqual([
      { entries: 2, bytes: 8, atPage: 0 },
      { entries: 4, bytes: 16, atPage: 2 },
    ]);
    expect(pageArrayGrowth(4096, 9).map((array) => array.entries)).toEqual([2, 4, 8, 16]);
    expect(pageArrayGrowth(4096, 8).map((array) => array.atPage)).toEqual([0, 2, 4]);
  });

  it('has pointers of eight bytes on a 64-bit kernel', () => {
    expect(pageArrayGrowth(67_068, 37, 64).map((array) => array.bytes)).toEqual([272, 544]);
  });
});
