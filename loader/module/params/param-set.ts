// SPDX-License-Identifier: MIT
import { ERRNO } from '../../base/index.ts';
import type { ElfParam, ElfParamArray, SymbolPlace } from '../../elf/index.ts';
import { LOG_LEVEL, type Printk } from '../../engine/index.ts';
import type { ModuleContext } from '../context.ts';
import type { Module } from '../module.ts';
import { kstrtobool, kstrtoInteger } from './kstrto.ts';
import type { ParamMemory } from './param-memory.ts';
import { BOOLEANS, INTEGERS, typeOf } from './param-types.ts';

/** KERNEL_PARAM_FL_UNSAFE, include/linux/moduleparam.h */
const FL_UNSAFE = 1;
const CHARP_MAX = 1024;

export interface SetOutcome {
  /** 0 or a negative errno. */
  readonly err: number;
  /** What is left of the value: that of an array is cut at its commas in place. */
  readonly left: string | undefined;
}

/** One variable and its functions: a parameter, or an element of an array. */
interface Variable {
  readonly name: string;
  readonly set: string | undefined;
  readonly get: string | undefined;
  readonly place: SymbolPlace | undefined;
}

/** Sets a parameter: param_check_unsafe() and `set` (kernel/params.c, Linux 6.12). */
export function paramSet(
  ctx: ModuleContext,
  mod: Module,
  param: ElfParam,
  value: string | undefined,
): SetOutcome {
  const { log } = ctx;
  if ((param.flags & FL_UNSAFE) !== 0) {
    log.print(LOG_LEVEL.NOTICE, `Setting dangerous option ${param.name} - tainting kernel`);
    ctx.taint.add('U');
  }
  const memory = mod.params;
  const { name, array, string, set, get } = param;
  if (array) return setArray(log, name, array, value ?? '', memory);
  const err = string
    ? setString(log, name, string, value ?? '', memory)
    : setScalar(log, { name, set, get, place: param.arg }, value, memory);
  return { err, left: value };
}

/** param_set_copystring() */
function setString(
  log: Printk,
  name: string,
  { maxlen, string }: NonNullable<ElfParam['string']>,
  value: string,
  memory: ParamMemory,
): number {
  if (value.length >= maxlen) {
    log.print(LOG_LEVEL.ERR, `${name}: string doesn't fit in ${(maxlen - 1) >>> 0} chars.`);
    return -ERRNO.ENOSPC;
  }
  if (string) memory.setText(string, value);
  return 0;
}

/**
 * Model: a setter of the module's own takes every value, and the variable then holds what its
 * getter's type can make of it.
 */
function setScalar(
  log: Printk,
  variable: Variable,
  value: string | undefined,
  memory: ParamMemory,
): number {
  const type = typeOf(variable.set);
  if (type !== undefined) return setTyped(log, variable, type, value, memory);
  const shown = typeOf(variable.get);
  if (shown !== undefined && value !== undefined && value.length <= CHARP_MAX) {
    setTyped(log, variable, shown, value, memory);
  }
  return 0;
}

function setTyped(
  log: Printk,
  { name, place }: Variable,
  type: string,
  value: string | undefined,
  memory: ParamMemory,
): number {
  if (type === 'charp') {
    if ((value ?? '').length > CHARP_MAX) {
      log.print(LOG_LEVEL.ERR, `${name}: string parameter too long`);
      return -ERRNO.ENOSPC;
    }
    if (place) memory.setText(place, value ?? '');
    return 0;
  }
  if (BOOLEANS.has(type)) return setBool(type, place, value, memory);
  const { bytes, signed } = INTEGERS[type]!;
  const parsed = kstrtoInteger(value ?? '', 8 * (bytes || memory.word), signed);
  if (!parsed.ok) return -parsed.errno;
  if (place) memory.setNumber(place, parsed.value);
  return 0;
}

/** param_set_bool(), param_set_invbool(), param_set_bint(), param_set_bool_enable_only() */
function setBool(
  type: string,
  place: SymbolPlace | undefined,
  value: string | undefined,
  memory: ParamMemory,
): number {
  // No equals means "set".
  const parsed = kstrtobool(value ?? '1');
  if (!parsed.ok) return -parsed.errno;
  if (!place) return 0;
  const on = parsed.value !== 0n;
  if (type === 'bool_enable_only' && !on) {
    return memory.number(place, 1) === 0n ? 0 : -ERRNO.EROFS;
  }
  memory.setNumber(place, on === (type !== 'invbool') ? 1n : 0n);
  return 0;
}

/** param_array(): comma-separated values, each set in turn and counted. */
function setArray(
  log: Printk,
  name: string,
  array: ElfParamArray,
  value: string,
  memory: ParamMemory,
): SetOutcome {
  const { set, get, elem, elemsize, num } = array;
  const items = value.split(',');
  const counted = (count: number): void => {
    if (num) memory.setNumber(num, BigInt(count));
  };
  counted(0);
  for (const [i, item] of items.entries()) {
    if (i === array.max) {
      log.print(LOG_LEVEL.ERR, `${name}: can only take ${array.max | 0} arguments`);
      return { err: -ERRNO.EINVAL, left: i === 0 ? value : items[0] };
    }
    const place = elem && { section: elem.section, value: elem.value + i * elemsize };
    const err = setScalar(log, { name, set, get, place }, item, memory);
    if (err !== 0) return { err, left: items[0] };
    counted(i + 1);
  }
  return { err: 0, left: items[0] };
}
