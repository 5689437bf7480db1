import type { ElfParam } from '../elf/index.ts';
import { LOG_LEVEL, type Printk } from '../engine/index.ts';
import { ERRNO } from '../errno.ts';
import { kstrtobool, kstrtoInteger, type Parsed } from './kstrto.ts';

/** Integer setters of kernel/params.c: bits (0 = a long) and signedness. */
const INTEGERS: Readonly<Record<string, readonly [bits: number, signed: boolean]>> = {
  byte: [8, false],
  short: [16, true],
  ushort: [16, false],
  int: [32, true],
  uint: [32, false],
  hexint: [32, false],
  long: [0, true],
  ulong: [0, false],
  ullong: [64, false],
};

const BOOLEANS: ReadonlySet<string> = new Set(['bool', 'invbool', 'bint', 'bool_enable_only']);
const CHARP_MAX = 1024;

/** `param_ops_int` or `param_set_int` → `int`. */
function kindOf(symbol: string | undefined): string | undefined {
  return symbol?.replace(/^param_(ops|set|get)_/, '');
}

/**
 * What a parameter's `set` makes of a value: 0 or a negative errno (kernel/params.c, Linux 6.12).
 *
 * Model: a setter of the module's own takes every value.
 */
export function paramSet(
  log: Printk,
  param: ElfParam,
  value: string | undefined,
  wordBits: 32 | 64,
): number {
  if (param.array) return setArray(log, param, value ?? '', wordBits);
  if (param.string) {
    if ((value ?? '').length < param.string.maxlen) return 0;
    log.print(
      LOG_LEVEL.ERR,
      `${param.name}: string doesn't fit in ${param.string.maxlen - 1} chars.`,
    );
    return -ERRNO.ENOSPC;
  }
  return setScalar(log, param.name, kindOf(param.set ?? param.ops), value, wordBits);
}

function setScalar(
  log: Printk,
  name: string,
  kind: string | undefined,
  value: string | undefined,
  wordBits: 32 | 64,
): number {
  if (kind === undefined) return 0;
  if (BOOLEANS.has(kind)) return outcome(kstrtobool(value ?? '1'));
  if (kind === 'charp') {
    if ((value ?? '').length <= CHARP_MAX) return 0;
    log.print(LOG_LEVEL.ERR, `${name}: string parameter too long`);
    return -ERRNO.ENOSPC;
  }
  const integer = INTEGERS[kind];
  if (!integer) return 0;
  const [bits, signed] = integer;
  return outcome(kstrtoInteger(value ?? '', bits || wordBits, signed));
}

/** param_array(): comma-separated values, each set in turn. */
function setArray(log: Printk, param: ElfParam, value: string, wordBits: 32 | 64): number {
  const array = param.array!;
  const kind = kindOf(array.ops);
  let count = 0;
  for (const item of value.split(',')) {
    if (count === array.max) {
      log.print(LOG_LEVEL.ERR, `${param.name}: can only take ${array.max} arguments`);
      return -ERRNO.EINVAL;
    }
    const err = setScalar(log, param.name, kind, item, wordBits);
    if (err !== 0) return err;
    count += 1;
  }
  return 0;
}

function outcome(parsed: Parsed): number {
  return parsed.ok ? 0 : -parsed.errno;
}
