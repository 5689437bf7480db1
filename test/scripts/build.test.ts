// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const DIST = join(ROOT, 'dist');
const built = existsSync(join(DIST, 'modules-debian.js'));
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What a bundle imports when it is loaded, or later by a string known beforehand. */
function imports(file: string): string[] {
  const text = readFileSync(join(DIST, file), 'utf8');
  return [...text.matchAll(/(?:^|\s|\()(?:from|import)\s*\(?\s*["']([^"'./][^"']*)["']/g)].map(
    ([, name]) => name!,
  );
}

describe('the build', () => {
  it('refuses options it does not know', () => {
    const run = spawnSync(process.execPath, ['scripts/build.mjs', '--type'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(run.status).toBe(1);
    expect(run.stderr).toBe('build: unknown option --type, expected --types or nothing\n');
  });

  it.skipIf(!built)('makes programs that can be run as they are (needs npm run build)', () => {
    const file = join(DIST, 'modules-debian.js');
    expect(readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect(statSync(file).mode & 0o111).toBe(0o111);
  });

  it.skipIf(!built)('leaves outside only Node and the dependencies (needs npm run build)', () => {
    const bundles = readdirSync(DIST).filter((name) => name.endsWith('.js'));
    expect(bundles.length).toBeGreaterThan(0);
    for (const bundle of bundles) {
      for (const name of imports(bundle).filter((one) => !isBuiltin(one))) {
        expect(Object.keys(dependencies), `${bundle} imports ${name}`).toContain(
          name.split('/')[0],
        );
      }
    }
  });

  it.skipIf(!existsSync(join(DIST, 'loader.js')))(
    'makes a loader that imports nothing of Node (needs npm run build)',
    () => {
      expect(imports('loader.js').filter(isBuiltin)).toEqual([]);
    },
  );
});
