// SPDX-License-Identifier: MIT
/**
 * The kernel's own tests of request_module, tools/testing/selftests/kmod/kmod.sh with
 * lib/test_kmod.c (Linux 6.12): the same actions, as often, and the results it expects.
 * Model: a minute passes between two runs of a test. A kernel that suppresses duplicate requests
 * remembers the answer for so long: sooner, it would say that a module is there which the script
 * has removed, and the tests of file systems would fail.
 */
import type { ScenarioInput } from '../schema.ts';

type StepInput = NonNullable<ScenarioInput['steps']>[number];

const DEVICE = '/sys/devices/virtual/misc/test_kmod0';
const MODPROBE = '/proc/sys/kernel/modprobe';
/** kmod-limit: what one request_module after the other may take. */
const LIMIT = 50;

const ENTRY = { MODULE_NOT_FOUND: 256, SUCCESS: 0, ENOENT: -2, EINVAL: -22 } as const;

interface Trigger {
  readonly kind: 'driver' | 'fs';
  /** The default of the device when left out. */
  readonly name?: string;
  readonly threads: number;
  readonly expect: number;
}

function write(file: string, text: string): StepInput {
  return { write: `${DEVICE}/${file}`, text };
}

/** kmod_defaults_*, config_*, config_trigger and config_expect_result. */
function trigger({ kind, name, threads, expect }: Trigger): StepInput[] {
  const fs = kind === 'fs';
  return [
    write('reset', '1'),
    { modprobe: fs ? 'xfs' : 'test_module', args: '-r' },
    ...(fs ? [write('config_test_case', '2')] : []),
    ...(name === undefined ? [] : [write(`config_test_${kind}`, name)]),
    write('config_num_threads', String(threads)),
    write('trigger_config', '1'),
    { read: `${DEVICE}/test_result`, expect: `${expect}\n` },
  ];
}

const PAUSE: StepInput = { sleep_ms: 61_000 };

function times(count: number, steps: readonly StepInput[]): StepInput[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? steps : [PAUSE, ...steps])).flat();
}

const driver = (threads: number, expect: number, name?: string): StepInput[] =>
  trigger({ kind: 'driver', threads, expect, ...(name === undefined ? {} : { name }) });
const fs = (threads: number, expect: number, name?: string): StepInput[] =>
  trigger({ kind: 'fs', threads, expect, ...(name === undefined ? {} : { name }) });

const NOTHING = '0x00000000';
const AN_ADDRESS = '0x(?!0+\\b)[0-9a-f]{8}';

/** Reads a file twice: by who may see addresses, and by who may not. */
function addresses(file: string, before: string): StepInput[] {
  return [
    { modprobe: 'test_module', args: '' },
    { read: file, expect: { pattern: `${before}${AN_ADDRESS}` } },
    { write: '/proc/sys/kernel/kptr_restrict', text: '2' },
    { read: file, expect: { pattern: `${before}${NOTHING}` } },
    { write: '/proc/sys/kernel/kptr_restrict', text: '0' },
  ];
}

const TESTS: Readonly<Record<string, readonly [string, StepInput[]]>> = {
  '0001': [
    'empty names',
    times(3, [...driver(1, ENTRY.MODULE_NOT_FOUND, '\0'), ...fs(1, ENTRY.EINVAL, '\0')]),
  ],
  '0002': [
    'names that do not exist',
    times(3, [
      ...driver(1, ENTRY.MODULE_NOT_FOUND, 'nope-test_module'),
      ...fs(LIMIT, ENTRY.EINVAL, 'nope-xfs'),
    ]),
  ],
  '0003': ['one request for a file system', fs(1, ENTRY.SUCCESS)],
  '0004': ['two requests for a file system', fs(2, ENTRY.SUCCESS)],
  '0005': ['the limit of requests for a driver', times(10, driver(LIMIT, ENTRY.SUCCESS))],
  '0006': ['the limit of requests for a file system', times(10, fs(LIMIT, ENTRY.SUCCESS))],
  '0007': [
    'the limit of both, in turn',
    times(5, [...driver(LIMIT, ENTRY.SUCCESS), ...fs(LIMIT, ENTRY.SUCCESS)]),
  ],
  '0008': ['more than the limit, driver', times(150, driver(LIMIT + Math.floor(LIMIT / 6), 0))],
  '0009': ['more than the limit, file system', times(150, fs(LIMIT + Math.floor(LIMIT / 4), 0))],
  '0010': [
    'a modprobe that does not exist',
    [
      { write: MODPROBE, text: '/KMOD_TEST_NONEXISTENT' },
      ...driver(1, ENTRY.ENOENT),
      { write: MODPROBE, text: '/sbin/modprobe' },
    ],
  ],
  '0011': [
    'no modprobe',
    [
      { write: MODPROBE, text: '' },
      ...driver(1, ENTRY.ENOENT),
      { write: MODPROBE, text: '/sbin/modprobe' },
    ],
  ],
  '0012': ['addresses in /proc/modules', addresses('/proc/modules', '^test_module .* ')],
  '0013': ['addresses of sections', addresses('/sys/module/test_module/sections/.text', '^')],
};

/** By name: `kmod-selftest-0001` to `kmod-selftest-0013`. */
export const KMOD_SELFTESTS: Readonly<Record<string, ScenarioInput>> = Object.fromEntries(
  Object.entries(TESTS).map(([number, [description, steps]]) => {
    const name = `kmod-selftest-${number}`;
    const scenario: ScenarioInput = {
      version: 1,
      name,
      description: `kmod.sh -t ${number}: ${description}`,
      kernel: 'v6.12',
      machine: { cpus: 8 },
      modules: { catalog: 'kmod-selftest', init: {} },
      steps,
    };
    return [name, scenario];
  }),
);
