// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  findLinuxGuest,
  guestCacheOf,
  type LinuxGuestFiles,
} from '../../../emulator/linux/guest-cache.ts';
import type { GuestOp } from '../../../emulator/linux/guest-ops.ts';
import { runLinuxGuest } from '../../../emulator/linux/linux-machine.ts';
import type { LinuxOpResult, LinuxRun } from '../../../emulator/linux/linux-run.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const guest = findLinuxGuest(guestCacheOf(ROOT), 'xz');
const missing = typeof guest === 'string' ? guest : '';
const built = guest as LinuxGuestFiles;
const BOOT_MS = 120_000;

const [EPERM, ENOENT, EINTR, EIO, ENOEXEC, EBADF] = [-1, -2, -4, -5, -8, -9];
const [EAGAIN, EBUSY, EEXIST, EINVAL, ETXTBSY] = [-11, -16, -17, -22, -26];
const SIGKILL = 9;
const SIGUSR1 = 10;

const load = (name: string, rest: object = {}): GuestOp =>
  ({ op: 'finit_module', path: `/m/${name}.ko`, ...rest }) as GuestOp;
const unload = (name: string): GuestOp => ({ op: 'delete_module', name });
const read = (path: string): GuestOp => ({ op: 'read', path });
const STATS = '/sys/kernel/debug/modules/stats';

function moduleFiles(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const directory of [built.modules, built.testModules])
    for (const name of readdirSync(directory))
      files.set(`/m/${name}`, new Uint8Array(readFileSync(join(directory, name))));
  return files;
}

/** Runs `ops` given with the values they must return. `any` is not compared. */
async function expectReturns(
  steps: readonly (readonly [GuestOp, number | 'any'])[],
  rest: object = {},
): Promise<LinuxRun> {
  const run = await runLinuxGuest({
    guest: built,
    files: moduleFiles(),
    ops: steps.map(([op]) => op),
    timeoutMs: BOOT_MS,
    ...rest,
  });
  expect(run.reason).toBe('');
  expect(run.damagedRecords).toBe(0);
  const given = new Map(steps.map(([op, ret]) => [op, ret]));
  const seen = run.results.filter((r) => given.has(r.op) && given.get(r.op) !== 'any');
  expect(seen.map((r) => [JSON.stringify(r.op), r.ret])).toEqual(
    steps.filter(([, ret]) => ret !== 'any').map(([op, ret]) => [JSON.stringify(op), ret]),
  );
  return run;
}

const textOf = (run: LinuxRun, op: GuestOp): string =>
  Buffer.from(run.results.find((r) => r.op === op)?.data ?? []).toString('latin1');
const logOf = (result: LinuxOpResult | undefined): string[] => result?.log.map((k) => k.text) ?? [];
const resultsOf = (run: LinuxRun, child: string): LinuxOpResult[] =>
  run.results.filter((r) => r.child === child);
const counter = (stats: string, label: string): number =>
  Number(new RegExp(`^ *${label}\\t(\\d+)$`, 'm').exec(stats)?.[1]);

describe.skipIf(missing !== '')(`the Linux guest ${missing && `(skipped: ${missing})`}`, () => {
  describe('running one operation after the other', () => {
    const stats = read(STATS);
    const modules = read('/proc/modules');
    const areas = read('/proc/vmallocinfo');
    const memory = read('/proc/meminfo');
    const notAnInteger = load('ms_param', { args: 'level=high' });
    const positive = load('ms_positive');
    const steps: [GuestOp, number | 'any'][] = [
      [memory, 'any'],
      [{ op: 'trace_on', events: ['vmalloc', 'module'] }, 0],
      [load('crc16'), 0],
      [load('crc16'), EEXIST],
      [{ op: 'trace_off' }, 0],
      [load('ms_fail'), EIO],
      [positive, 0],
      [notAnInteger, EINVAL],
      [load('ms_param', { args: 'level=-3 numbers=1,2 name="a b"' }), 0],
      [load('ms_user'), ENOENT],
      [load('ms_export'), 0],
      [load('ms_dup_export'), ENOEXEC],
      [load('ms_user'), 0],
      [unload('ms_export'), EAGAIN],
      [load('ms_permanent'), 0],
      [unload('ms_permanent'), EBUSY],
      [unload('nothing_of_that_name'), ENOENT],
      [load('ms_bss'), 0],
      [unload('ms_bss'), 0],
      [load('ms_percpu'), 0],
      [load('ms_ro_after_init'), 0],
      [load('crc7', { flags: 8 }), EINVAL],
      [{ op: 'finit_module', path: '', fd: 99 }, EBADF],
      [load('crc7', { open: 'wo' }), EBADF],
      [{ op: 'finit_module', path: '/m' }, EINVAL],
      [{ op: 'finit_module', path: '/dev/null' }, EINVAL],
      [{ op: 'finit_module', path: '/m/none.ko' }, ENOENT],
      [{ op: 'open', slot: 0, path: '/m/crc7.ko', mode: 'rw' }, 0],
      [load('crc7'), ETXTBSY],
      [{ op: 'close', slot: 0 }, 0],
      [{ op: 'init_module', path: '/m/crc7.ko', length: 10 }, ENOEXEC],
      [{ op: 'init_module', path: '/m/crc7.ko', pointer: 0, length: 100 }, -14],
      [{ op: 'init_module', path: '/m/crc7.ko' }, 0],
      [{ op: 'copy', from: '/m/crc8.ko', to: '/tmp/x.ko' }, 0],
      [{ op: 'poke', path: '/tmp/x.ko', offset: 0, data: Uint8Array.of(0) }, 1],
      [{ op: 'finit_module', path: '/tmp/x.ko' }, ENOEXEC],
      [{ op: 'truncate', path: '/tmp/x.ko', length: 40 }, 0],
      [{ op: 'finit_module', path: '/tmp/x.ko' }, ENOEXEC],
      [{ op: 'settle' }, 0],
      [stats, 'any'],
      [modules, 'any'],
      [areas, 'any'],
    ];
    let run: LinuxRun;

    beforeAll(async () => {
      run = await expectReturns(steps);
    }, BOOT_MS);

    it('returns what the kernel returns, and the kernel is the one that was built', () => {
      expect(run.outcome).toBe('done');
      expect(run.release).toBe(built.release);
      expect(run.results).toHaveLength(steps.length);
    });

    it('has the 120 MiB window of a machine with highmem', () => {
      expect(textOf(run, memory)).toMatch(/^VmallocTotal: +122880 kB$/m);
    });

    it('gives each operation its own lines of the kernel log', () => {
      expect(logOf(run.results.find((r) => r.op === notAnInteger))).toEqual([
        "ms_param: `high' invalid for parameter `level'",
      ]);
      expect(logOf(run.results.find((r) => r.op === positive))[0]).toMatch(
        /'ms_positive'->init suspiciously returned 5, it should follow 0\/-E convention/,
      );
    });

    it('tells that the file could not be opened from a failure of the call', () => {
      const stages = run.results.filter((r) => r.ret === ENOENT).map((r) => r.stage);
      expect(stages).toEqual(['call', 'call', 'open']);
    });

    it('reads the statistics, which count what was done', () => {
      const text = textOf(run, stats);
      const size = (name: string): number =>
        moduleFiles().get(`/m/${name}.ko`)?.length ?? Number.NaN;
      expect(counter(text, 'Mods ever loaded')).toBe(
        steps.filter(([op, ret]) => op.op.endsWith('init_module') && ret === 0).length,
      );
      expect(counter(text, 'Mods failed on becoming')).toBe(3);
      expect(counter(text, 'Failed becoming bytes')).toBe(size('crc16') + size('crc8') + 40);
      expect(counter(text, 'Failed kmod bytes')).toBe(
        2 * (size('ms_param') + size('ms_user') + size('ms_dup_export')),
      );
    });

    it('lists modules whose sizes add up to their areas once settled', () => {
      const sizes = textOf(run, modules).trim().split('\n');
      const total = sizes.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
      const pages = [...textOf(run, areas).matchAll(/load_module\+\S+ pages=(\d+)/g)];
      expect(pages.reduce((sum, [, n]) => sum + Number(n), 0) * 4096).toBe(total);
    });

    it('traces the areas of a load, and none of what follows once switched off', () => {
      const traced = run.results.filter((r) => r.trace !== '').map((r) => r.trace);
      expect(traced.join('')).toMatch(/init-1 .* alloc_vmap_area: va_start: \d+ size=8192/);
      expect(traced.join('')).toMatch(/module_load: crc16/);
      expect(traced.join('')).not.toMatch(/ms_permanent/);
    });
  });

  it(
    'runs children at the same time: one loads, the others wait for it or are told',
    async () => {
      const copies = ['a', 'b', 'c'];
      const slow = load('ms_slow', { args: 'ms=300' });
      const child = (name: string, path: string): GuestOp => ({
        op: 'spawn',
        name,
        ops: [{ op: 'finit_module', path }],
      });
      const state = read('/proc/modules');
      const run = await expectReturns([
        ...copies.map(
          (name) => [{ op: 'copy', from: '/m/ms_slow.ko', to: `/tmp/${name}.ko` }, 0] as const,
        ),
        [{ op: 'spawn', name: 'first', ops: [slow] }, 'any'],
        [{ op: 'until', path: '/proc/modules', text: 'ms_slow' }, 0],
        [state, 'any'],
        [unload('ms_slow'), EBUSY],
        ...copies.map((name) => [child(name, `/tmp/${name}.ko`), 'any'] as const),
        [child('same', '/m/ms_slow.ko'), 'any'],
        ...copies.map((name) => [{ op: 'blocked', name } as GuestOp, 0] as const),
        [{ op: 'kill', name: 'a', signal: SIGKILL }, 0],
        [{ op: 'kill', name: 'b', signal: SIGUSR1 }, 0],
        [{ op: 'wait', name: 'a' }, SIGKILL],
        [{ op: 'wait', name: 'all' }, 4],
      ]);
      expect(textOf(run, state)).toMatch(/^ms_slow \d+ 1 - Loading 0x/);
      expect(resultsOf(run, 'first').map((r) => r.ret)).toEqual([0]);
      expect(resultsOf(run, 'a').map((r) => r.ret)).toEqual([null]);
      expect(resultsOf(run, 'b').map((r) => r.ret)).toEqual([EINTR]);
      expect(resultsOf(run, 'c').map((r) => r.ret)).toEqual([EEXIST]);
      expect(resultsOf(run, 'same').map((r) => r.ret)).toEqual([0]);
      expect(Object.fromEntries(run.children)).toEqual({
        a: SIGKILL,
        b: 0,
        c: 0,
        first: 0,
        same: 0,
      });
    },
    BOOT_MS,
  );

  it(
    'answers request_module with its own modprobe',
    async () => {
      const request = (name: string): [GuestOp, number] => [
        { op: 'write', path: '/sys/module/ms_request/parameters/wait', data: name },
        name.length,
      ];
      const steps: [GuestOp, number | 'any'][] = [
        [load('ms_request'), 0],
        request('crc4'),
        request('unlisted'),
        request('refused'),
        [{ op: 'setuid', uid: 1000 }, 0],
        [load('crc7'), EPERM],
      ];
      const run = await expectReturns(steps, {
        modprobeList: ['crc4 check=1 /m/crc4.ko', 'refused delay=20 exit=3'],
      });
      expect(run.modprobe.map(({ name, exitCode, loads }) => ({ name, exitCode, loads }))).toEqual([
        { name: 'crc4', exitCode: 0, loads: ['/m/crc4.ko=0'] },
        { name: 'unlisted', exitCode: 1, loads: [] },
        { name: 'refused', exitCode: 3, loads: [] },
      ]);
      const log = run.kmsg.map((k) => k.text);
      expect(log.filter((text) => text.startsWith('ms_request: wait'))).toEqual([
        'ms_request: wait crc4 = 0',
        'ms_request: wait unlisted = 256',
        'ms_request: wait refused = 768',
      ]);
    },
    BOOT_MS,
  );

  it(
    'reports a crash of the kernel as an outcome, with all that went before',
    async () => {
      const crash = load('ms_oops');
      const after = load('crc16');
      const ops = [load('crc7'), crash, after];
      const run = await runLinuxGuest({
        guest: built,
        files: moduleFiles(),
        ops,
        timeoutMs: BOOT_MS,
      });
      expect(run.outcome).toBe('panic');
      expect(run.reason).toMatch(/^Fatal exception \(operation line 1\)$/);
      expect(run.console).toMatch(/BUG: kernel NULL pointer dereference/);
      expect(run.results.map((r) => r.ret)).toEqual([0, null, null]);
    },
    BOOT_MS,
  );

  it(
    'tells time by its instructions: an idle hour costs none, and two boots agree on when',
    async () => {
      const ops: GuestOp[] = [{ op: 'sleep', ms: 3_600_000 }, read('/proc/uptime')];
      const boots = [
        await runLinuxGuest({ guest: built, ops, timeoutMs: BOOT_MS }),
        await runLinuxGuest({ guest: built, ops, timeoutMs: BOOT_MS }),
      ];
      const [first, second] = boots.map((run) => run.results[1]!.startUs);
      expect(first).toBeGreaterThan(3_600_000_000);
      expect(Math.abs(first! - second!)).toBeLessThan(5000);
    },
    BOOT_MS,
  );

  it(
    'ends at its time limit and when it is told to',
    async () => {
      const ops: GuestOp[] = Array(5000).fill({ op: 'sleep', ms: 600_000 });
      const late = await runLinuxGuest({ guest: built, ops, timeoutMs: 8_000 });
      expect(late.outcome).toBe('timeout');
      expect(late.reason).toMatch(/^took too long/);

      const stop = new AbortController();
      const onProgress = (): void => stop.abort();
      const aborted = await runLinuxGuest({ guest: built, ops, signal: stop.signal, onProgress });
      expect(aborted.outcome).toBe('aborted');

      const never = await runLinuxGuest({ guest: built, ops, signal: AbortSignal.abort() });
      expect(never).toMatchObject({ outcome: 'aborted', reason: 'aborted, before user space' });
    },
    BOOT_MS,
  );

  it(
    'gives the guest the window that is asked for',
    async () => {
      const memory = read('/proc/meminfo');
      const run = await expectReturns([[memory, 'any']], { vmallocMb: 24 });
      expect(textOf(run, memory)).toMatch(/^VmallocTotal: +24576 kB$/m);
    },
    BOOT_MS,
  );

  it('refuses an initramfs that does not fit', async () => {
    await expect(runLinuxGuest({ guest: built, ops: [], memoryMb: 64 })).rejects.toThrow(
      RangeError,
    );
  });
});
