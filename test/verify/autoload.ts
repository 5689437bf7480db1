// SPDX-License-Identifier: MIT
// request_module: how many at once, which modprobe, duplicates, signals.

import { Random } from '../../loader/engine/index.ts';
import type { ScenarioInput } from '../../loader/scenario/schema.ts';
import { type Suite, scenarioOf } from '../../scripts/verify/suite.ts';

type Step = NonNullable<ScenarioInput['steps']>[number];
type Member = Extract<Step, { parallel: unknown }>['parallel'][number];

const PATH = '/proc/sys/kernel/modprobe';
const MODPROBE = '/sbin/modprobe';
const READS = ['/sys/kernel/debug/modules/stats', '/proc/modules', '/proc/vmallocinfo'];
/** How much later each of many processes starts: enough for one to come to its wait. */
const GAP_MS = 60;
const SLOW_MS = 13_000;
/** For the many that compete for a slot. */
const SLOW_GAP_MS = 110;
const SHORT_MS = 2500;
/** Duplicates are remembered for a minute (kernel/module/dups.c). */
const RETENTION_MS = 61_000;

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
    if (seed === 1) {
      use(MODPROBE);
      steps.push({ sleep_ms: RETENTION_MS }, ask('crc4'), ask('missing1'), ask('no-such-module'));
      look();
    }
    return [
      {
        scenario: scenarioOf(`autoload ${seed}`, steps, {
          seed,
          userspace: { programs: PROGRAMS },
        }),
        files: modules,
      },
    ];
  },
};
