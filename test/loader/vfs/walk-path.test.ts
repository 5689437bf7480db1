// SPDX-License-Identifier: MIT
/** Paths walked by the model, and by the kernel that runs this test. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PathKind, walkPath } from '../../../loader/vfs/walk-path.ts';

let root = '';
const KINDS: Record<string, PathKind> = {
  '/': 'directory',
  '/d': 'directory',
  '/d/e': 'directory',
};
for (const file of ['/f', '/d/f', '/d/e/f']) KINDS[file] = 'file';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'walk-'));
  for (const [path, kind] of Object.entries(KINDS)) {
    if (kind === 'directory') mkdirSync(root + path, { recursive: true });
    else writeFileSync(root + path, '');
  }
});
afterAll(() => rmSync(root, { recursive: true }));

const model = (path: string): number => walkPath(path, (at) => KINDS[at]);

/** open(2) of the same path below the directory taken as the root. */
function host(path: string): number {
  try {
    closeSync(openSync(root + path, 'r'));
    return 0;
  } catch (error) {
    return (error as { errno: number }).errno;
  }
}

describe('walkPath', () => {
  it.each([
    ['/f', 0],
    ['/f/', -20],
    ['/f/.', -20],
    ['/f/../d/f', -20],
    ['/d/f/x', -20],
    ['/x/y', -2],
    ['/x/../f', -2],
    ['/d/./e/../f', 0],
    ['//d//f', 0],
    [`/${'x'.repeat(256)}`, -36],
    [`/${'x'.repeat(255)}`, -2],
    [`/${'é'.repeat(128)}`, -36],
  ])('%s: %i', (path, errno) => {
    expect(model(path)).toBe(errno);
    expect(host(path)).toBe(errno);
  });

  it('agrees with open(2) on any path', () => {
    const name = fc.constantFrom('d', 'e', 'f', 'x', '.', '..', '', 'y'.repeat(256));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 7 }), (names) => {
        const path = `/${names.join('/')}`;
        // Above the directory taken as the root the two differ.
        let depth = 0;
        for (const part of names) {
          if (part === '..') depth -= 1;
          else if (part !== '' && part !== '.') depth += 1;
          fc.pre(depth >= 0);
        }
        expect(model(path)).toBe(host(path));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses 4,096 bytes and more', () => {
    expect(model('/.'.repeat(2047))).toBe(0);
    expect(model('/.'.repeat(2048))).toBe(-36);
  });
});
