// SPDX-License-Identifier: MIT
// request_module: how many at once, which modprobe, duplicates, signals; asked by processes through a
// module of ours, and by the kernel's own threads through its test driver (lib/test_kmod.c).

import { Random } from '../../../loader/engine/index.ts';
import { READS, type Step, type Suite, scenarioOf } from '../suite.ts';
import { kmodScript } from './kmod-script.ts';

type Member = Extract<Step, { parallel: unknown }>['parallel'][number];

const PATH = '/proc/sys/kernel/modprobe';
const MODPROBE = '/sbin/modprobe';
/** How much later each of many processes starts: enough for one to come to its wait. */
const GAP_MS = 60;
const SLOW_MS = 13_000;
/** For the many that compete for a slot. */
const SLOW_GAP_MS = 110;
const SHORT_MS = 2500;
/** The kernel's test driver, and most threads it is given. */
const DEVICE = '/sys/devices/virtual/misc/test_kmod0';
const MOST_THREADS = 62;
/** Where the limit of 50 requests shows. */
const AROUND_LIMIT = [1, 2, 49, 50, 51, 58, MOST_THREADS];
/** Duplicates are remembered for a minute and up to two seconds (kernel/module/dups.c). */
const RETENTION_MS = 63_000;

const PROGRAMS = {
  '/sbin/modprobe-fail': { exit: 3 },
  '/sbin/modprobe-slow': { exit: 0, duration_ms: SLOW_MS },
  '/sbin/modprobe-short': { exit: 1, duration_ms: SHORT_MS },
  '/sbin/modprobe-late': { exit: 0, duration_ms: SHORT_MS, modprobe: true },
};

export const autoload: Suite = {
  name: 'autoload',
  summary: 'request_module: many at once, several modprobes, duplicates, signals',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2],
  async cases(modules, seed) {
    const random = new Random(seed);
    const steps: Step[] = [];
    const use = (path: string): void => {
      steps.push({ write: PATH, text: `${path}\n` });
    };
    const ask = (name: string, wait = true): Extract<Step, { request_module: string }> => ({
      request_module: name,
      wait,
    });
    const together = (gap: number, members: readonly (Step | Omit<Member, 'delay_ms'>)[]): void => {
      const parallel = members.map((member, i): Member => {
        const delay_ms = i * gap;
        return 'step' in member
          ? { ...member, delay_ms }
          : { step: member as Member['step'], delay_ms };
      });
      steps.push({ parallel });
    };
    const look = (): void => {
      for (const read of READS) steps.push({ read });
    };
    const set = (file: string, text: string): void => {
      steps.push({ write: `${DEVICE}/${file}`, text });
    };
    /** Threads of the kernel that ask for one module or one file system. */
    const threads = (count: number, kind: 'driver' | 'fs', name: string): void => {
      set('config_test_case', kind === 'driver' ? '1' : '2');
      set(`config_test_${kind}`, name);
      set('config_num_threads', String(count));
      set('trigger_config', '1');
      steps.push({ read: `${DEVICE}/test_result` });
    };
    const some = (): number => 1 + random.below(MOST_THREADS);
    const kind = (): 'driver' | 'fs' => (random.below(2) === 0 ? 'driver' : 'fs');

    // One after the other: found, already there, found with what it needs, not found.
    for (const name of ['crc4', 'crc4', 'tunnel4', 'gre', 'deflate', 'no-such-module']) {
      steps.push(ask(name));
    }
    // Within retention a duplicate gets the first one's value, whatever happened since.
    steps.push({ delete_module: 'crc4' }, ask('crc4'), ask('no-such-module'), ask('crc4', false));
    for (const length of [58, 59, 60, 100]) steps.push(ask('y'.repeat(length)));
    steps.push(ask('crc8', false), ask('crc8', false));
    look();
    // Other programs: failing, missing, not executable, none at all.
    use('/sbin/modprobe-fail');
    for (const name of ['fails1', 'fails2', 'fails1']) steps.push(ask(name));
    use('/sbin/modprobe-missing');
    for (const name of ['missing1', 'missing1']) steps.push(ask(name));
    use('/proc/modules');
    steps.push(ask('not-executable'));
    steps.push({ write: PATH, text: '\n' }, { read: PATH }, ask('nobody'), ask('nobody', false));
    use('/sbin/modprobe-short');
    // Duplicates in flight wait for the first; those that do not wait return at once.
    together(GAP_MS, [ask('short1'), ask('short1'), ask('short1', false), ask('short1')]);
    // Not waited for is not tracked.
    together(GAP_MS, [ask('short2', false), ask('short2', false), ask('short2'), ask('short2')]);
    // Signals: a waiter's, and the first one's, which all waiters are told of.
    together(GAP_MS, [
      ask('short3'),
      { step: ask('short3'), signal: { kind: 'kill', after_ms: 500 } },
      { step: ask('short3'), signal: { kind: 'int', after_ms: 500 } },
      ask('short3'),
    ]);
    together(GAP_MS, [
      { step: ask('short4'), signal: { kind: 'kill', after_ms: 900 } },
      ask('short4'),
      ask('short4'),
    ]);
    steps.push(ask('short4'), { sleep_ms: 2 * SHORT_MS });
    // A module that comes while its request waits.
    use('/sbin/modprobe-late');
    together(GAP_MS, [ask('crc7'), ask('crc7'), { finit_module: 'crc7.ko' }]);
    look();
    // 1 to 62 at once.
    use(MODPROBE);
    for (const threads of [1, 2, 50, 62]) {
      together(
        GAP_MS,
        Array.from({ length: threads }, (_, i) => ask(`none-${threads}-${i}`)),
      );
    }
    // One by one: how long a modprobe takes is the guest's affair, and decides who loads beside whom.
    for (const name of random.shuffle(['crc64', 'minix', 'sch_fq', 'stp', 'psnap'])) {
      steps.push(ask(name));
    }
    look();
    // 58 slow ones: 50 are served, 8 wait for a slot until they may no longer.
    use('/sbin/modprobe-slow');
    together(
      SLOW_GAP_MS,
      Array.from({ length: 58 }, (_, i) => ask(`slow${i}`)),
    );
    // Duplicates hold a slot each while they wait.
    together(
      SLOW_GAP_MS,
      Array.from({ length: 54 }, () => ask('slow-one')),
    );
    look();
    use(MODPROBE);
    steps.push({ finit_module: 'test_kmod.ko' }, { read: `${DEVICE}/config` });
    look();
    set('reset', '1');
    look();
    // Nobody finds it: the first one's answer is all the others'.
    for (let count = 1; count <= MOST_THREADS; count++) threads(count, kind(), `nobody-${count}`);
    threads(some(), 'driver', 'nobody-7');
    threads(some(), 'fs', 'nobody-7');
    threads(3, 'driver', '\0');
    for (const length of [59, 60]) threads(some(), 'driver', 'z'.repeat(length));
    look();
    // There already: a module that is live, a file system that is registered, half a name.
    steps.push({ finit_module: 'crc-itu-t.ko' }, { finit_module: 'romfs.ko' });
    threads(some(), 'driver', 'crc-itu-t');
    threads(some(), 'fs', 'romfs');
    threads(some(), 'fs', 'romfs.sub');
    look();
    use('/sbin/modprobe-fail');
    threads(some(), kind(), 'refused');
    use('/sbin/modprobe-missing');
    threads(some(), kind(), 'missing');
    use('/proc/modules');
    threads(some(), kind(), 'no-program');
    steps.push({ write: PATH, text: '\n' });
    threads(some(), kind(), 'no-path');
    // While the first one's modprobe runs, the others wait.
    use('/sbin/modprobe-short');
    for (const count of [...AROUND_LIMIT, some(), some()]) threads(count, kind(), `short-${count}`);
    // A process asks for the same; another one looks, and has to wait for the end.
    set('config_test_case', '1');
    set('config_test_driver', 'short-shared');
    set('config_num_threads', String(some()));
    const start = { write: `${DEVICE}/trigger_config`, text: '1' };
    together(GAP_MS, [start, { read: `${DEVICE}/config` }, ask('short-shared')]);
    use('/sbin/modprobe-late');
    for (const name of ['crc-ccitt', 'lzo', 'nls_utf8']) threads(some(), 'driver', name);
    for (const name of ['vfat', 'cramfs', 'iso9660']) threads(some(), 'fs', name);
    look();
    // Remembered, but gone.
    steps.push({ delete_module: 'cramfs' }, { delete_module: 'lzo' });
    threads(some(), 'fs', 'cramfs');
    threads(some(), 'fs', 'cramfs');
    threads(some(), 'driver', 'lzo');
    look();
    // 50 are served or wait for the one that is; the others may wait for five seconds.
    use('/sbin/modprobe-slow');
    for (const count of [50, 58, MOST_THREADS]) threads(count, kind(), `slow-${count}`);
    look();
    // What the driver does not take, and more records than fit.
    for (const text of ['-1', 'x', ' 7', '0x10', '4294967296', '']) set('config_num_threads', text);
    for (const text of ['0', '4294967295', '200', '100000', '1']) set('config_num_threads', text);
    for (const text of ['0', '3', '+2\n']) set('config_test_case', text);
    for (const text of ['-7', '12 ', '2147483648']) set('test_result', text);
    set('config', 'x');
    set('nothing', 'x');
    for (const file of ['config', 'test_result', 'reset'])
      steps.push({ read: `${DEVICE}/${file}` });
    look();
    if (seed === 1) {
      use(MODPROBE);
      steps.push({ sleep_ms: RETENTION_MS }, ask('crc4'), ask('missing1'), ask('no-such-module'));
      for (const name of ['missing', 'nobody-50']) threads(some(), kind(), name);
      look();
    }
    steps.push({ delete_module: 'test_kmod' });
    set('reset', '1');
    steps.push({ finit_module: 'test_kmod.ko' }, { read: `${DEVICE}/config` });
    look();
    const own = {
      scenario: scenarioOf(`autoload ${seed}`, steps, {
        seed,
        userspace: { programs: PROGRAMS },
      }),
      files: modules,
    };
    const script = { scenario: scenarioOf('kmod.sh', kmodScript(), { seed }), files: modules };
    return seed === 1 ? [own, script] : [own];
  },
};
