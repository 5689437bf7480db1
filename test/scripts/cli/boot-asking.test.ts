// SPDX-License-Identifier: MIT
/** `boot --guest linux`: a real Linux asks the model for its modules. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLinuxGuest, guestCacheOf } from '../../../emulator/linux/guest-cache.ts';
import { buildInitramfs } from '../../../emulator/linux/initramfs.ts';
import { findUserland, userlandCacheOf } from '../../../emulator/linux/userland-cache.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
const found = findLinuxGuest(guestCacheOf(ROOT), 'xz');
const userland = findUserland(userlandCacheOf(ROOT));
const missing = [found, userland].filter((one) => typeof one === 'string').join('; ');
const LIMIT = 240_000;
let dir: string;

beforeAll(() => {
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-asking-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function modstorm(...args: string[]) {
  const options = { encoding: 'utf8', cwd: dir, timeout: LIMIT, maxBuffer: 1 << 28 } as const;
  const run = spawnSync(process.execPath, [CLI, ...args], options);
  return { code: run.status, out: run.stdout, err: run.stderr };
}

const boot = (command: string, ...args: string[]) =>
  modstorm('boot', '--guest', 'linux', '--exec', command, ...args);

interface Result {
  readonly ret: number;
  readonly op: string;
  readonly subject: string;
}

const title = `boot --guest linux ${missing && `(skipped: ${missing})`}`;
describe.skipIf(missing !== '')(title, () => {
  it(
    'a coldplug of 130 processes that ask when all have been started, a storm of 150 and what the kernel asks itself go to the model; the record replays to the same bytes',
    () => {
      const command = `ls /lib/modules/*/ | sed 's/[.]ko//' > /tmp/aliases; coldplug /tmp/aliases
        storm 150; mount -t btrfs none /mnt; mount -t nosuchfs none /mnt
        modprobe nosuch; echo "code $?"; rmmod ext4; echo "code $?"; lsmod | grep -c .
        modstorm cat /sys/kernel/debug/modules/stats`;
      const live = join(dir, 'live');
      const { code, out, err } = boot(command, '--record', 's.json', '--out', live, '--json');
      expect(code, err).toBe(0);
      const result = JSON.parse(out) as { results: Result[]; guest: { port: object } };
      const of = (op: string) => result.results.filter((one) => one.op === op);
      expect(err).toMatch(/coldplug: 1\d\d modaliases, 1\d\d processes, 1\d\d succeeded/);
      expect(of('modprobe').filter(({ ret }) => ret === 0).length).toBeGreaterThan(150 + 120);
      expect(result.guest.port).toMatchObject({ misuses: 0, abandoned: 0, full: 0 });
      expect(of('request_module').map(({ subject, ret }) => [subject, ret === 0])).toEqual(
        expect.arrayContaining([
          ['fs-btrfs', true],
          ['fs-nosuchfs', false],
        ]),
      );
      // The guest's console carries what its programs say, on stderr with --json.
      expect(err).toMatch(/storm: 150 requests, 150 processes, 150 succeeded, 0 failed/);
      expect(err).toMatch(/modprobe: FATAL: Module nosuch not found in directory \S+\r?\ncode 1/);
      const stats = readFileSync(join(live, 'stats'), 'latin1');
      expect(err.replaceAll('\r', '')).toContain(stats.split('\n').slice(0, 5).join('\n'));

      const again = join(dir, 'again');
      expect(modstorm('replay', 's.json', '--out', again).code).toBe(0);
      expect(readdirSync(again).sort()).toEqual(readdirSync(live).sort());
      for (const name of readdirSync(live)) {
        expect(readFileSync(join(again, name)).equals(readFileSync(join(live, name))), name).toBe(
          true,
        );
      }
      const compared = modstorm('compare', 's.json', '--kernels', 'v6.3,v6.12');
      expect(compared.code, compared.err).toBe(0);
      expect(compared.out).toMatch(/v6\.3[\s\S]*v6\.12/);
    },
    LIMIT,
  );

  it(
    'goes on from the state of the first boot, and throws a damaged one away',
    () => {
      const ready = (err: string) => Number(/guest ready after ([\d.]+) s/.exec(err)![1]);
      const states = join(guestCacheOf(ROOT), 'states');
      const args = ['--memory', '97'];
      const before = existsSync(states) ? readdirSync(states) : [];
      const first = boot('echo one', '--cold', ...args);
      const second = boot('echo two', ...args);
      const resumed = boot('modprobe -q ext4; lsmod', ...args);
      expect(resumed.code).toBe(0);
      expect(resumed.err).toMatch(/saved state/);
      expect(resumed.out).toMatch(/^ext4 /m);
      // The quicker of two: another program on the host slows one boot more than the other.
      const again = [second, resumed].filter(({ err }) => /saved state/.test(err));
      const quickest = Math.min(...again.map(({ err }) => ready(err)));
      expect(quickest / ready(first.err)).toBeLessThan(0.25);
      const own = readdirSync(states).filter((name) => !before.includes(name));
      for (const name of own) {
        const path = join(states, name);
        const bytes = readFileSync(path);
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(path, bytes);
      }
      const mended = boot('echo three', ...args);
      expect(mended.code).toBe(0);
      expect(mended.out).toMatch(/^three/m);
      if (own.length > 0) expect(mended.err).toMatch(/saved state thrown away: damaged/);
      for (const name of own) rmSync(join(states, name), { force: true });
    },
    LIMIT,
  );

  it(
    'the model goes by its own kernel: the guest is 6.12, the answers are of v6.3',
    () => {
      const { code, out } = boot(
        'uname -r; modstorm cat /proc/version; modprobe btrfs; lsmod',
        '--kernel',
        'v6.3',
        '--json',
      );
      expect(code).toBe(0);
      expect(JSON.parse(out).kernel.base).toBe('v6.3');
    },
    LIMIT,
  );

  it(
    'a hostile root shell disturbs nobody: wild port writes, killed processes',
    () => {
      // Every fourth process is killed in the middle; wild bytes go to the windows and the gate.
      const command = `
        for i in $(seq 1 40); do modprobe -q ext4 & [ $((i % 4)) = 0 ] && kill -9 $!; done
        dd if=/dev/urandom of=/dev/port bs=1 seek=24576 count=2000 2>/dev/null
        dd if=/dev/port of=/dev/null bs=4 skip=6144 count=500 2>/dev/null
        wait; storm 100; modprobe btrfs; echo "code $?"`;
      const { code, out } = boot(command);
      expect(code).toBe(0);
      expect(out).toMatch(/storm: 100 requests, 100 processes, 100 succeeded, 0 failed/);
      expect(out).toMatch(/code 0/);
    },
    LIMIT,
  );

  it('ends with 1 when the work does', () => expect(boot('exit 3').code).toBe(1), LIMIT);

  it(
    'shows the last lines of a kernel that finds no user space and panics, with exit code 2',
    () => {
      const entry = { type: 'file', data: new Uint8Array(10) } as const;
      writeFileSync(join(dir, 'no-init.cpio'), buildInitramfs(new Map([['/nothing', entry]])));
      const { code, err } = boot('true', '--initramfs', 'no-init.cpio');
      expect(code).toBe(2);
      expect(err).toMatch(/\| .*Kernel panic - not syncing/);
      expect(err).toMatch(/expected a guest that runs to its end, found .*panic/);
    },
    LIMIT,
  );

  it(
    'Ctrl-C ends it with 130 and writes nothing',
    async () => {
      const args = [
        'boot',
        '--guest',
        'linux',
        '--exec',
        'sleep 1000',
        '--out',
        'o',
        '--record',
        'c.json',
      ];
      const child = spawn(process.execPath, [CLI, ...args], { cwd: dir });
      const code = await new Promise<number | null>((resolve) => {
        child.stderr.on('data', (text) => {
          if (/guest ready/.test(String(text))) child.kill('SIGINT');
        });
        child.on('exit', resolve);
      });
      expect(code).toBe(130);
      expect(existsSync(join(dir, 'o'))).toBe(false);
      expect(existsSync(join(dir, 'c.json'))).toBe(false);
    },
    LIMIT,
  );

  it.each([
    [['--guest-kernel', 'text'], /text: expected a bzImage, found no "HdrS"/],
    [['--guest-kernel', 'absent'], /absent: expected a bzImage, found nothing there/],
    [['--initramfs', 'text'], /text: expected an initramfs, found neither a cpio archive/],
    [['--memory', '8'], /--memory: expected a whole number from 32 to 2048/],
    [['--record', 'text'], /text: expected a file that does not exist/],
    [['--kernel', 'v9.9'], /v9\.9/],
    [['--modules', 'empty'], /empty: expected at least one/],
  ])('refuses %s', (args, message) => {
    writeFileSync(join(dir, 'text'), 'no kernel\n'.repeat(200));
    mkdirSync(join(dir, 'empty'), { recursive: true });
    const { code, out, err } = boot('true', ...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n {4}at /);
  });

  it('wants a terminal or work', () => {
    const { code, err } = modstorm('boot', '--guest', 'linux');
    expect(code).toBe(2);
    expect(err).toMatch(/expected a terminal, or --exec 'COMMANDS', found neither/);
  });
});

it('refuses options of the Linux guest without it', () => {
  const { code, err } = modstorm('boot', '--exec', 'true');
  expect(code).toBe(2);
  expect(err).toMatch(/--exec: expected --guest linux beside it/);
});
