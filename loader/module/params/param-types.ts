// SPDX-License-Identifier: MIT
/** The standard types of parameters (STANDARD_PARAM_DEF and below, kernel/params.c, Linux 6.12). */
import type { Bytes } from '../../base/index.ts';

interface IntegerType {
  /** Bytes of the variable; 0 = a word. */
  readonly bytes: Bytes;
  readonly signed: boolean;
}

export const INTEGERS: Readonly<Record<string, IntegerType>> = {
  byte: { bytes: 1, signed: false },
  short: { bytes: 2, signed: true },
  ushort: { bytes: 2, signed: false },
  int: { bytes: 4, signed: true },
  uint: { bytes: 4, signed: false },
  hexint: { bytes: 4, signed: false },
  long: { bytes: 0, signed: true },
  ulong: { bytes: 0, signed: false },
  ullong: { bytes: 8, signed: false },
};

/** Setters that take what kstrtobool() does. */
export const BOOLEANS: ReadonlySet<string> = new Set([
  'bool',
  'invbool',
  'bint',
  'bool_enable_only',
]);

const TYPES: ReadonlySet<string> = new Set([...Object.keys(INTEGERS), ...BOOLEANS, 'charp']);
const FUNCTION = /^param_[sg]et_(.+)$/;

/** `param_set_int` or `param_get_int` → `int`; undefined = a function that is not the kernel's. */
export function typeOf(name: string | undefined): string | undefined {
  const type = name === undefined ? undefined : FUNCTION.exec(name)?.[1];
  return type !== undefined && TYPES.has(type) ? type : undefined;
}
