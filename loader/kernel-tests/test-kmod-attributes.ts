// SPDX-License-Identifier: MIT
/** The files of the self-tests' device, and the numbers written to them (lib/test_kmod.c, Linux 6.12). */
import { ERRNO } from '../base/index.ts';

/** Files of /sys/devices/virtual/misc/test_kmod0 that can be written. */
export type TestKmodAttribute =
  | 'trigger_config'
  | 'reset'
  | 'config_test_driver'
  | 'config_test_fs'
  | 'config_num_threads'
  | 'config_test_case'
  | 'test_result';

const DIRECTORY = '/sys/devices/virtual/misc/test_kmod0/';
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'config',
  'trigger_config',
  'reset',
  'config_test_driver',
  'config_test_fs',
  'config_num_threads',
  'config_test_case',
  'test_result',
]);

/** Which file of the device a path names; undefined when none. */
export function testKmodAttribute(path: string): TestKmodAttribute | 'config' | undefined {
  if (!path.startsWith(DIRECTORY)) return undefined;
  const name = path.slice(DIRECTORY.length);
  return ATTRIBUTES.has(name) ? (name as TestKmodAttribute | 'config') : undefined;
}

const INT_MAX = 2_147_483_647;
const UINT_MAX = 4_294_967_295;

export interface ParsedInteger {
  readonly errno: number;
  readonly number: number;
}

/** kstrtoint(), base 10. */
export function kstrtoint(text: string): ParsedInteger {
  return parse(text, /^[+-]?\d+\n?$/, -INT_MAX - 1, INT_MAX);
}

/** kstrtouint(), base 10. */
export function kstrtouint(text: string): ParsedInteger {
  return parse(text, /^\+?\d+\n?$/, 0, UINT_MAX);
}

function parse(text: string, shape: RegExp, min: number, max: number): ParsedInteger {
  if (!shape.test(text)) return { errno: ERRNO.EINVAL, number: 0 };
  const number = Number.parseInt(text, 10);
  return number < min || number > max ? { errno: ERRNO.ERANGE, number: 0 } : { errno: 0, number };
}
