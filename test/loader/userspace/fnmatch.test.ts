// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AliasTrie, fnmatch } from '../../../loader/userspace/index.ts';
import { naiveFnmatch } from './naive-fnmatch.ts';

describe('fnmatch', () => {
  it.each([
    [
      'usb:v13FDp3940d0[0-2]*dc*dsc*dp*ic*isc*ip*in*',
      'usb:v13FDp3940d0100dc00dsc00dp00ic08isc06ip50in00',
      true,
    ],
    ['usb:v13FDp3940d0[0-2]*dc*', 'usb:v13FDp3940d0300dc00', false],
    [
      'pci:v00008086d*sv*sd*bc*sc*i*',
      'pci:v00008086d00001533sv00001458sd0000E000bc02sc00i00',
      true,
    ],
    ['fs-*', 'fs-', true],
    ['*', 'a/b', true],
    ['a?c', 'a/c', true],
    ['[!a-c]x', 'dx', true],
    ['[^a-c]x', 'bx', false],
    ['[]]', ']', true],
    ['[a-]', '-', true],
    ['[[:digit:]]', '7', true],
    ['[[:digit:]]', 'x', false],
    ['[ab', '[ab', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['a\\', 'a\\', false],
    ['', '', true],
    ['', 'a', false],
    ['**a**', 'bab', true],
  ] as const)('%s against %s: %s', (pattern, text, matches) => {
    expect(fnmatch(pattern, text)).toBe(matches);
  });

  const patternPiece = fc.constantFrom(
    'a',
    'b',
    'c',
    '-',
    '*',
    '?',
    '[ab]',
    '[a-c]',
    '[!b]',
    '[^a-b]',
    '[]a]',
    '\\*',
    '\\a',
  );
  const pattern = fc.array(patternPiece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', 'd', '-', '*', ']'),
    maxLength: 8,
  });

  it('agrees with trying every possibility', () => {
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        expect(fnmatch(p, t)).toBe(naiveFnmatch(p, t));
      }),
      { numRuns: 5_000 },
    );
  });

  it('does not take exponential time over many stars', () => {
    expect(fnmatch(`${'*a'.repeat(60)}b`, 'a'.repeat(2_000))).toBe(false);
  });

  const python = spawnSync('python3', ['-c', 'import ctypes; ctypes.CDLL(None).fnmatch']);
  it.skipIf(python.status !== 0)('agrees with fnmatch(3) of the C library (needs python3)', () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        'a',
        'b',
        'z',
        '0',
        '-',
        '*',
        '?',
        '[',
        ']',
        '!',
        '^',
        '\\',
        '/',
        '.',
        ':',
      ),
      maxLength: 10,
    });
    const classes = fc
      .constantFrom('[[:alpha:]]', '[[:digit:]_]', '[![:space:]]', '[[:xdigit:]-]', '[a-[:digit:]]')
      .chain((cls) => text.map((t) => `${t}${cls}`));
    const cases = fc.sample(fc.tuple(fc.oneof(pattern, soup, classes), fc.oneof(text, soup)), {
      numRuns: 20_000,
      seed: 7,
    });
    const script =
      'import ctypes,json,sys\nf=ctypes.CDLL(None).fnmatch\n' +
      'print(json.dumps([f(p.encode(),t.encode(),0)==0 for p,t in json.load(sys.stdin)]))';
    const run = spawnSync('python3', ['-c', script], {
      input: JSON.stringify(cases),
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, LC_ALL: 'C' },
    });
    const wanted = JSON.parse(run.stdout) as boolean[];
    const wrong = cases.filter(([p, t], i) => fnmatch(p, t) !== wanted[i]);
    expect(wrong).toEqual([]);
    expect(wanted.filter((matches) => matches).length).toBeGreaterThan(100);
  });
});

describe('the alias trie', () => {
  const alias = fc
    .array(fc.constantFrom('a', 'b', ':', '*', '?', '[ab]', '[a-b]'), {
      minLength: 1,
      maxLength: 7,
    })
    .map((pieces) => pieces.join(''));
  const name = fc.string({ unit: fc.constantFrom('a', 'b', ':', 'c'), maxLength: 7 });

  it('finds what a walk over the whole list finds, by priority', () => {
    fc.assert(
      fc.property(
        fc.array(alias, { maxLength: 40 }),
        fc.array(name, { maxLength: 10 }),
        (all, names) => {
          const trie = new AliasTrie();
          const entries = all.map((pattern, i) => ({
            pattern,
            module: `m${i}`,
            priority: (i * 7) % 11,
          }));
          for (const entry of entries) trie.add(entry);
          expect(trie.size).toBe(entries.length);
          for (const wanted of names) {
            const naive = entries.filter((entry) => naiveFnmatch(entry.pattern, wanted));
            const found = trie.search(wanted);
            expect(new Set(found)).toEqual(new Set(naive));
            expect(found.length).toBe(naive.length);
            const priorities = found.map((entry) => entry.priority);
            expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
