// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** A copy of the program in a directory of its own, where its cache then lies. */
let top: string;
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'modstorm-debian-'));
  writeFileSync(join(top, 'package.json'), '{"type":"module"}');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['scripts/tools/modules-debian.ts'],
    outfile: join(top, 'dist/modules-debian.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
});
afterAll(() => {
  rmSync(top, { recursive: true, force: true });
});

function run(args: string[]) {
  // No apt and no other program either.
  const env = { PATH: join(top, 'no-programs') };
  return spawnSync(process.execPath, ['dist/modules-debian.js', ...args], {
    cwd: top,
    env,
    encoding: 'utf8',
  });
}

describe('npm run modules:debian', () => {
  it('says what to do on a system without apt, and touches nothing', () => {
    const { status, stdout, stderr } = run([]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('needs apt-get, apt-cache and dpkg-deb');
    expect(stderr).toContain('--modules /lib/modules/$(uname -r)');
    expect(readdirSync(top).sort()).toEqual(['dist', 'package.json']);
  });

  it('refuses what it does not know, naming it', () => {
    for (const [args, message] of [
      [['--arch', 'arm'], '--arch: expected i386, amd64, armhf, arm64, found "arm"'],
      [['--version', 'new'], '--version: expected a kernel version such as 6.1.0-50, found "new"'],
      [['--bogus'], "Unknown option '--bogus'"],
    ] as const) {
      const { status, stderr } = run([...args]);
      expect(status, args.join(' ')).toBe(2);
      expect(stderr).toContain(message);
    }
    expect(run(['--help'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('costs nothing when the kernel is there: no apt is needed to say where', () => {
    const cached = join(top, '.cache/debian/i386');
    mkdirSync(cached, { recursive: true });
    const kernel = {
      package: 'linux-image-6.1.0-50-686',
      version: '6.1.176-1',
      release: '6.1.0-50-686',
      modules: 4135,
      bytes: 178_438_167,
      depmod: true,
    };
    writeFileSync(join(cached, 'modstorm-cache.json'), JSON.stringify(kernel));
    for (const args of [[], ['--version', '6.1'], ['--version', '6.1.0-50']]) {
      const { status, stdout, stderr } = run(args);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(
        'Already there: linux-image-6.1.0-50-686 6.1.176-1, 4135 modules, 178.4 MB',
      );
      expect(stdout).toContain('--modules .cache/debian/i386\n');
    }
    expect(run(['--version', '6.1.0-47']).status).toBe(2);
    expect(run(['--force']).status).toBe(2);
    expect(run(['--arch', 'amd64']).status).toBe(2);
    expect(run(['--symvers']).status).toBe(2);
    writeFileSync(join(cached, 'Module.symvers'), '');
    const { status, stdout, stderr } = run(['--symvers']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Symbols:    .cache/debian/i386/Module.symvers\n');
  });
});
