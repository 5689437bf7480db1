// SPDX-License-Identifier: MIT
/**
 * `__param`: the parameters parse_args may set, with as much of their functions as the file tells
 * (struct kernel_param in include/linux/moduleparam.h, kernel/params.c, Linux 6.12).
 */
import { findSec } from './elf-checks.ts';
import { SHT } from './elf-constants.ts';
import type { ElfIndex, ElfParam, SymbolPlace } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { PointerReader, type PointerTarget, pointerSize } from './relocation.ts';

/** KERNEL_PARAM_OPS_FL_NOARG */
const NOARG = 1;

/** Setters and getters whose names do not follow from that of their ops. */
const ODD: ReadonlyMap<string, { readonly set: string; readonly get: string }> = new Map([
  ['param_ops_string', { set: 'param_set_copystring', get: 'param_get_string' }],
  ['param_array_ops', { set: 'param_array_set', get: 'param_array_get' }],
  ['param_ops_bool_enable_only', { set: 'param_set_bool_enable_only', get: 'param_get_bool' }],
  ['param_ops_bint', { set: 'param_set_bint', get: 'param_get_int' }],
]);

/** Ops of the kernel that take a name without a value. */
const NOARG_OPS = new Set(['param_ops_bool', 'param_ops_bool_enable_only', 'param_ops_bint']);

const OPS_PREFIX = 'param_ops_';

interface Ops {
  readonly ops: string | undefined;
  readonly set: string | undefined;
  readonly get: string | undefined;
  readonly noarg: boolean;
}

/** Ops that live in the kernel or in another module. */
function kernelOps(ops: string): Ops {
  const noarg = NOARG_OPS.has(ops);
  const odd = ODD.get(ops);
  if (odd !== undefined) return { ops, ...odd, noarg };
  if (!ops.startsWith(OPS_PREFIX)) return { ops, set: '', get: '', noarg };
  const type = ops.slice(OPS_PREFIX.length);
  return { ops, set: `param_set_${type}`, get: `param_get_${type}`, noarg };
}

function readOps(reader: PointerReader, ops: PointerTarget | undefined): Ops {
  const name = reader.symbolName(ops);
  if (ops && ops.section === 0 && name !== undefined) return kernelOps(name);
  const at = reader.place(ops);
  if (!ops || at < 0) return { ops: name, set: '', get: '', noarg: false };
  // struct kernel_param_ops: flags, then the setter and the getter.
  const word = pointerSize(reader.view.cls);
  const functionAt = (offset: number): string | undefined => {
    const target = reader.at(ops.section, ops.offset + offset);
    return target && (reader.symbolName(target) ?? '');
  };
  const noarg = (reader.view.u32(at) & NOARG) !== 0;
  return { ops: name, set: functionAt(word), get: functionAt(2 * word), noarg };
}

/** Where a pointer leads, when that is a section of the file. */
function placeOf(reader: PointerReader, section: number, offset: number): SymbolPlace | undefined {
  const target = reader.at(section, offset);
  if (!target || target.section === 0 || target.section >= reader.view.header.shnum) {
    return undefined;
  }
  return { section: target.section, value: target.offset };
}

function readParam(reader: PointerReader, section: number, at: number): ElfParam {
  const { view } = reader;
  const word = pointerSize(view.cls);
  const bits = view.shOffset(section) + at + 3 * word;
  const ops = readOps(reader, reader.at(section, at + 2 * word));
  const arg = reader.at(section, at + 4 * word);
  const argAt = reader.place(arg);
  const param = {
    name: reader.string(reader.at(section, at)) ?? '',
    ...ops,
    perm: view.data.getUint16(bits, true),
    level: view.data.getInt8(bits + 2),
    flags: view.data.getUint8(bits + 3),
    arg: placeOf(reader, section, at + 4 * word),
    array: undefined,
    string: undefined,
  };
  if (!arg || argAt < 0) return param;
  if (ops.ops === 'param_array_ops') {
    // struct kparam_array: max, elemsize, then pointers to the count, the ops and the elements.
    const elements = readOps(reader, reader.at(arg.section, arg.offset + 8 + word));
    const array = {
      max: view.u32(argAt),
      elemsize: view.u32(argAt + 4),
      ops: elements.ops,
      set: elements.set,
      get: elements.get,
      num: placeOf(reader, arg.section, arg.offset + 8),
      elem: placeOf(reader, arg.section, arg.offset + 8 + 2 * word),
    };
    return { ...param, array };
  }
  if (ops.ops === 'param_ops_string') {
    // struct kparam_string: the size, then a pointer to the buffer.
    const string = placeOf(reader, arg.section, arg.offset + word);
    return { ...param, string: { maxlen: view.u32(argAt), string } };
  }
  return param;
}

/** Entries in table order; one whose name cannot be found has the name ''. */
export function readParams(view: ElfView, index: ElfIndex): ElfParam[] {
  const section = findSec(view, '__param');
  if (section === 0) return [];
  const type = view.shType(section);
  if (type === SHT.NULL || type === SHT.NOBITS) return [];
  const reader = new PointerReader(view, index);
  const entry = view.cls.kernelParam;
  const count = Math.floor(view.shSize(section) / entry);
  const params: ElfParam[] = [];
  for (let i = 0; i < count; i += 1) params.push(readParam(reader, section, i * entry));
  return params;
}

/** The string that the pointer at a place of the file's data refers to; undefined for none. */
export function readStringAt(
  view: ElfView,
  index: ElfIndex,
  { section, value }: SymbolPlace,
): string | undefined {
  const type = view.shType(section);
  if (type === SHT.NULL || type === SHT.NOBITS) return undefined;
  const reader = new PointerReader(view, index);
  return reader.string(reader.at(section, value));
}
