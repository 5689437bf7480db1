// SPDX-License-Identifier: MIT
/** What the documents say can be followed: links lead somewhere, and commands run as written. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

function documents(): string[] {
  const below = readdirSync(ROOT, { recursive: true, encoding: 'utf8' });
  return below.filter(
    (path) => path.endsWith('.md') && !/(?:^|\/)(?:node_modules|dist|\.\w+)\//.test(path),
  );
}

describe('links in the documents', () => {
  it.each(documents())('%s: each leads to a file', (path) => {
    const text = readFileSync(join(ROOT, path), 'utf8').replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => to!);
    const local = links.filter((to) => !/^[a-z]+:/.test(to));
    expect(local.filter((to) => !existsSync(join(ROOT, dirname(path), to)))).toEqual([]);
  });
});

/** Commands of the README's section of that name. */
function commands(title: string): string[][] {
  const section = README.slice(README.indexOf(`\n## ${title}\n`)).split('\n## ')[1]!;
  const [, block] = /```sh\n([\s\S]*?)```/.exec(section)!;
  return block!
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').split(/\s+/));
}

describe.each(['i386', 'amd64'])('README, "Real modules", on the %s tree', (tree) => {
  const modules = join(ROOT, '.cache', 'debian', tree);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'modstorm-readme-'));
    symlinkSync(join(ROOT, 'dist'), join(folder, 'dist'));
    symlinkSync(join(ROOT, 'guest-images'), join(folder, 'guest-images'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const there = existsSync(modules);
  const note = there ? '' : ' (skipped: needs npm run modules:debian)';
  it.skipIf(!there)(`each command runs as written${note}`, { timeout: 600_000 }, () => {
    for (const [program, ...args] of commands('Real modules')) {
      expect(program).toBe('node');
      const own = args.map((arg) => (arg === '.cache/debian/i386' ? modules : arg));
      const run = spawnSync(process.execPath, own, {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      expect(run.status, `${args.join(' ')}\n${run.stderr}`).toBe(0);
      expect(run.stdout, args.join(' ')).not.toContain('ENOEXEC');
      expect(run.stderr).not.toMatch(/\n\s+at /);
    }
  });
});
