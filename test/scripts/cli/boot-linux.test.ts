/** `verify --alone`: a scenario's steps on the real kernel alone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLinuxGuest, guestCacheOf } from '../../../emulator/linux/guest-cache.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
const found = findLinuxGuest(guestCacheOf(ROOT), 'xz');
const missing = typeof found === 'string' ? found : '';
let dir: string;

beforeAll(() => {
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-linux-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function alone(...args: string[]) {
  const run = spawnSync(process.execPath, [CLI, 'verify', '--alone', ...args], {
    encoding: 'utf8',
    cwd: dir,
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

function scenario(name: string, steps: readonly object[]): string {
  const path = join(dir, `${name}.json`);
  writeFileSync(path, JSON.stringify({ version: 1, name, modules: { dir: '.' }, steps }));
  return path;
}

describe.skipIf(missing !== '')(`verify --alone ${missing && `(skipped: ${missing})`}`, () => {
  it('carries out steps, numbers them as the scenario does, and gives what the kernel says', () => {
    const path = scenario('own', [
      { finit_module: 'ext4.ko' },
      { modprobe: 'ext4' },
      { delete_module: 'jbd2' },
      { request_module: 'nothing' },
      { read: '/sys/module/jbd2/refcnt' },
    ]);
    const out = join(dir, 'run');
    const { code, out: text } = alone(path, '--json', '--out', out);
    expect(code).toBe(0);
    const result = JSON.parse(text);
    expect(
      result.results.map(({ step, op, ret }: Record<string, unknown>) => [step, op, ret]),
    ).toEqual([
      [0, 'finit_module', -2],
      [1, 'modprobe', 0],
      [2, 'delete_module', -11],
      [3, 'request_module', 256],
      [4, 'read', 2],
    ]);
    expect(result.results[0].log[0]).toMatch(/^ext4: Unknown symbol \w+ \(err -2\)$/);
    expect(result.results[4].text).toBe('1\n');
    expect(result.completed_steps).toBe(5);
    for (const [name, file] of Object.entries({
      stats: '/sys/kernel/debug/modules/stats',
      modules: '/proc/modules',
      vmallocinfo: '/proc/vmallocinfo',
    })) {
      expect(readFileSync(join(out, name), 'latin1')).toBe(result.files[file]);
    }
    expect(result.files['/sys/kernel/debug/modules/stats']).toMatch(/Mods failed on load\t1\n/);
    expect(readFileSync(join(out, 'trace.txt'), 'latin1')).toMatch(/: alloc_vmap_area: va_start: /);
    expect(readFileSync(join(out, 'kmsg'), 'latin1')).toMatch(
      /^\d,0,\d+,-,caller=T0;Linux version 6/,
    );
  });

  it('says what the kernel did not survive, and ends with 1', () => {
    const path = scenario('crash', [
      { finit_module: 'crc16.ko' },
      { finit_module: 'ms_oops.ko' },
      { finit_module: 'crc8.ko' },
    ]);
    const { code, out } = alone(path);
    expect(code).toBe(1);
    expect(out).toMatch(/^ended {5}panic: /m);
    expect(out).toMatch(/^at {8}step 1: \{"finit_module":"ms_oops.ko"/m);
    expect(out).not.toMatch(/crc8/);
  });

  it.each([
    [['--suite', 'mixed'], '--suite: expected nothing: it has no effect with --alone, found mixed'],
    [
      ['--kernel', 'v6.5'],
      /^modstorm: --kernel: expected nothing: the guest is Linux 6\.\S+, found v6\.5/,
    ],
    [['race'], 'race: expected steps, found a storm'],
    [['absent.json'], 'absent.json: expected a scenario file'],
  ])('refuses %s', (args, message) => {
    const { code, out, err } = alone(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    if (typeof message === 'string') expect(err).toContain(message);
    else expect(err).toMatch(message);
  });
});
