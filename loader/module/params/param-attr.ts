// SPDX-License-Identifier: MIT
/**
 * /sys/module/NAME/parameters: a file for each parameter that has permissions, its text and its
 * store (module_param_sysfs_setup, param_attr_show and param_attr_store, kernel/params.c,
 * Linux 6.12).
 */

import { ERRNO, PAGE_SIZE } from '../../base/index.ts';
import type { ElfParam, SymbolPlace } from '../../elf/index.ts';
import type { ModuleContext } from '../context.ts';
import type { Module } from '../module.ts';
import type { ParamMemory } from './param-memory.ts';
import { paramSet } from './param-set.ts';
import { INTEGERS, typeOf } from './param-types.ts';

const S_IRUGO = 0o444;
const S_IWUGO = 0o222;
/** What create_files() leaves of a mode (fs/sysfs/group.c). */
const MODE_MASK = 0o664;

/** Names of the files, in table order. */
export function paramFiles(ctx: ModuleContext, mod: Module): string[] {
  if (!mod.inSysfs) return [];
  return shownParams(ctx, mod).map(({ name }) => name);
}

/** The parameter behind a file of that name. */
export function paramOfFile(ctx: ModuleContext, mod: Module, file: string): ElfParam | undefined {
  if (!mod.inSysfs) return undefined;
  return shownParams(ctx, mod).find(({ name }) => name === file);
}

function shownParams(ctx: ModuleContext, mod: Module): ElfParam[] {
  return ctx.images.facts(mod.elf).params.filter(({ perm }) => perm !== 0);
}

/** Opening for reading or writing, root's too, goes by the mode (kernfs_fop_open, fs/kernfs/file.c). */
export function paramReadable({ perm }: ElfParam): boolean {
  return (perm & MODE_MASK & S_IRUGO) !== 0;
}

export function paramWritable({ perm }: ElfParam): boolean {
  return (perm & MODE_MASK & S_IWUGO) !== 0;
}

/**
 * The text of a parameter's file, or a negative errno.
 *
 * Model: what a getter of the module's own says, and what a variable of another module or of the
 * kernel holds, is not known: -EIO.
 */
export function paramAttrShow(mod: Module, param: ElfParam): string | number {
  const { get, array, string, arg } = param;
  const memory = mod.params;
  if (get === undefined) return -ERRNO.EPERM;
  if (array) return showArray(array, memory);
  if (string) {
    if (!string.string) return -ERRNO.EIO;
    return inPage(memory.buffer(string.string, string.maxlen));
  }
  return showScalar(get, arg, memory);
}

/** Sets a parameter from what is written to its file: 0 or a negative errno. */
export function paramAttrStore(
  ctx: ModuleContext,
  mod: Module,
  param: ElfParam,
  text: string,
): number {
  // sysfs_kf_write(), fs/sysfs/file.c
  if (text === '') return 0;
  if (param.set === undefined) return -ERRNO.EPERM;
  const end = text.indexOf('\0');
  return paramSet(ctx, mod, param, end < 0 ? text : text.slice(0, end)).err;
}

/** scnprintf(buffer, PAGE_SIZE, "%s\n") */
function inPage(text: string): string {
  return `${text}\n`.slice(0, PAGE_SIZE - 1);
}

/** The param_get_*() functions. */
function showScalar(
  get: string | undefined,
  place: SymbolPlace | undefined,
  memory: ParamMemory,
): string | number {
  const type = typeOf(get);
  if (type === undefined || !place) return -ERRNO.EIO;
  if (type === 'charp') return inPage(memory.pointer(place) ?? '(null)');
  if (type === 'bool') return memory.number(place, 1) === 0n ? 'N\n' : 'Y\n';
  if (type === 'invbool') return memory.number(place, 1) === 0n ? 'Y\n' : 'N\n';
  const integer = INTEGERS[type];
  if (!integer) return -ERRNO.EIO;
  const bytes = integer.bytes || memory.word;
  const value = memory.number(place, bytes);
  // "%#08x"
  if (type === 'hexint') return `0x${value.toString(16).padStart(6, '0')}\n`;
  return `${integer.signed ? BigInt.asIntN(8 * bytes, value) : value}\n`;
}

/**
 * param_array_get(): the elements that were given, or all where the count is not kept.
 *
 * Model: the text ends with the page; the kernel writes on behind it.
 */
function showArray(
  { max, elemsize, get, num, elem }: NonNullable<ElfParam['array']>,
  memory: ParamMemory,
): string | number {
  const count = num ? Number(memory.number(num, 4)) : max;
  let text = '';
  for (let i = 0; i < count && text.length < PAGE_SIZE; i += 1) {
    const place = elem && { section: elem.section, value: elem.value + i * elemsize };
    const one = showScalar(get, place, memory);
    if (typeof one === 'number') return one;
    text = i === 0 ? one : `${text.slice(0, -1)},${one}`;
  }
  return text.slice(0, PAGE_SIZE - 1);
}
