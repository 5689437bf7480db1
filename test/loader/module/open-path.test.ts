// SPDX-License-Identifier: MIT
/** Paths of module files that open(2) refuses. */
import { describe, expect, it } from 'vitest';
import { moduleFile, run } from './rig.ts';

const FILE = moduleFile({ name: 'one' });

describe('a path to load', () => {
  it.each([
    ['one.ko', 0],
    ['./one.ko', 0],
    ['one.ko/', -20],
    ['one.ko/two.ko', -20],
    ['one.ko/../one.ko', -20],
    ['none/../one.ko', -2],
    ['none.ko', -2],
    ['/proc/modules/one.ko', -20],
    ['/dev/null/one.ko', -20],
    [`${'x'.repeat(256)}.ko`, -36],
  ])('%s: %i', (path, ret) => {
    expect(run([FILE], { steps: [{ finit_module: path }] }).rets).toEqual([ret]);
    expect(run([FILE], { steps: [{ init_module: path }] }).rets).toEqual([ret]);
  });

  it('is refused for reading just so', () => {
    const steps = [{ read: '/proc/modules/x' }, { read: '/proc/none' }, { read: '/proc/modules' }];
    expect(run([FILE], { steps }).rets).toEqual([-20, -2, 0]);
  });
});
