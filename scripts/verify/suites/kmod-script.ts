// SPDX-License-Identifier: MIT
// tools/testing/selftests/kmod/kmod.sh of Linux 6.12: its tests of request_module, once each. What
// modprobe takes away by -r and loads is real, and nothing slows it down.

import type { Step } from '../suite.ts';

const DEVICE = '/sys/devices/virtual/misc/test_kmod0';
const PATH = '/proc/sys/kernel/modprobe';
const LIMIT = 50;
/**
 * Until then a remembered answer hides that the module is gone: a minute, which the timer wheel
 * makes up to two seconds longer at 250 Hz (kernel/time/timer.c).
 */
const RETENTION_MS = 63_000;

const set = (file: string, text: string): Step => ({ write: `${DEVICE}/${file}`, text });

function trigger(kind: 'driver' | 'fs', threads: number, name?: string): Step[] {
  return [
    set('reset', '1'),
    { modprobe: kind === 'fs' ? 'xfs' : 'test_module', args: '-r' },
    ...(kind === 'fs' ? [set('config_test_case', '2')] : []),
    ...(name === undefined ? [] : [set(`config_test_${kind}`, name)]),
    set('config_num_threads', String(threads)),
    set('trigger_config', '1'),
    { read: `${DEVICE}/test_result` },
  ];
}

/** Tests 0001 to 0011, a minute between any two. */
const TESTS: readonly (readonly Step[])[] = [
  [...trigger('driver', 1, '\0'), ...trigger('fs', 1, '\0')],
  [...trigger('driver', 1, 'nope-test_module'), ...trigger('fs', LIMIT, 'nope-xfs')],
  trigger('fs', 1),
  trigger('fs', 2),
  trigger('driver', LIMIT),
  trigger('fs', LIMIT),
  [...trigger('driver', LIMIT), ...trigger('fs', LIMIT)],
  trigger('driver', LIMIT + Math.floor(LIMIT / 6)),
  trigger('fs', LIMIT + Math.floor(LIMIT / 4)),
  [{ write: PATH, text: '/KMOD_TEST_NONEXISTENT' }, ...trigger('driver', 1)],
  [{ write: PATH, text: '\n' }, ...trigger('driver', 1)],
];

export function kmodScript(): Step[] {
  const reads = ['/proc/vmallocinfo', '/proc/modules', '/sys/kernel/debug/modules/stats'];
  return [
    { finit_module: 'test_kmod.ko' },
    ...TESTS.flatMap((test) => [
      ...test,
      { write: PATH, text: '/sbin/modprobe' },
      { sleep_ms: RETENTION_MS },
    ]),
    ...reads.map((read) => ({ read })),
  ];
}
