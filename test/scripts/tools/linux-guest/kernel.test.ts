// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entryKey, unmetLines } from '../../../../scripts/tools/linux-guest/kernel.ts';
import { describeMissing } from '../../../../scripts/tools/linux-guest/requirements.ts';

const FRAGMENT = new URL('../../../../guest-images/linux/kernel.config', import.meta.url);

describe('unmetLines', () => {
  it('names each wish that Kconfig dropped or turned round', () => {
    const fragment =
      '# why\nCONFIG_A=y\nCONFIG_B=m\nCONFIG_C="x"\n# CONFIG_D is not set\n# CONFIG_E is not set\n';
    expect(unmetLines(fragment, 'CONFIG_A=y\nCONFIG_B=m\nCONFIG_C="x"\n')).toEqual([]);
    expect(
      unmetLines(fragment, 'CONFIG_A=m\n# CONFIG_B is not set\nCONFIG_C="y"\nCONFIG_D=m\n'),
    ).toEqual(['CONFIG_A=y', 'CONFIG_B=m', 'CONFIG_C="x"', '# CONFIG_D is not set']);
  });
});

describe('entryKey', () => {
  it('differs when text moves from one part to the next', () => {
    expect(entryKey(['ab', 'c'])).not.toBe(entryKey(['a', 'bc']));
    expect(entryKey(['ab', 'c'])).toBe(entryKey(['ab', 'c']));
  });
});

describe('the config fragment', () => {
  it('has only assignments, switched-off options and comments, and none twice', () => {
    const lines = readFileSync(FRAGMENT, 'utf8').split('\n');
    const names = lines.flatMap(
      (line) => /^(?:# )?(CONFIG_\w+)(?:=| is not set)/.exec(line)?.[1] ?? [],
    );
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines) expect(line).toMatch(/^$|^# .*\S$|^CONFIG_\w+=(y|m|\d+|".*")$/);
    expect(names).toContain('CONFIG_MODULE_STATS');
    expect(names.some((name) => /^CONFIG_MODULE_COMPRESS_(XZ|GZIP|ZSTD)$/.test(name))).toBe(false);
  });
});

describe('describeMissing', () => {
  it('gives a line for each thing and one command for all', () => {
    expect(
      describeMissing([
        { what: 'no gcc program', packages: ['gcc'] },
        { what: 'gcc cannot', packages: ['gcc'] },
        { what: 'no flex program', packages: ['flex'] },
      ]).split('\n'),
    ).toEqual([
      'missing: no gcc program (package gcc)',
      'missing: gcc cannot (package gcc)',
      'missing: no flex program (package flex)',
      'on Debian 12 or newer: apt-get install gcc flex',
    ]);
  });
});
