/**
 * `__param`: the parameters parse_args may set, with as much of their setter as the file tells
 * (struct kernel_param in include/linux/moduleparam.h, kernel/params.c, Linux 6.12).
 */
import { findSec } from './elf-checks.ts';
import { SHT } from './elf-constants.ts';
import type { ElfIndex, ElfParam } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { PointerReader, type PointerTarget, pointerSize } from './relocation.ts';

/** KERNEL_PARAM_OPS_FL_NOARG */
const NOARG = 1;

/** Setters whose name does not follow from that of their ops. */
const ODD_SETTERS: ReadonlyMap<string, string> = new Map([
  ['param_ops_string', 'param_set_copystring'],
  ['param_array_ops', 'param_array_set'],
]);

/** Ops of the kernel that take a name without a value. */
const NOARG_OPS = new Set(['param_ops_bool', 'param_ops_bool_enable_only', 'param_ops_bint']);

const OPS_PREFIX = 'param_ops_';

/** Setter of ops that live in the kernel. */
function kernelSetter(ops: string): string | undefined {
  const odd = ODD_SETTERS.get(ops);
  if (odd !== undefined) return odd;
  return ops.startsWith(OPS_PREFIX) ? `param_set_${ops.slice(OPS_PREFIX.length)}` : undefined;
}

function readOps(
  reader: PointerReader,
  ops: PointerTarget | undefined,
): { ops: string | undefined; set: string | undefined; noarg: boolean } {
  const name = reader.symbolName(ops);
  if (ops && ops.section === 0 && name !== undefined) {
    return { ops: name, set: kernelSetter(name), noarg: NOARG_OPS.has(name) };
  }
  const at = reader.place(ops);
  if (!ops || at < 0) return { ops: name, set: undefined, noarg: false };
  // struct kernel_param_ops: flags, then the setter.
  const set = reader.at(ops.section, ops.offset + pointerSize(reader.view.cls));
  const noarg = (reader.view.u32(at) & NOARG) !== 0;
  return { ops: name, set: reader.symbolName(set), noarg };
}

function readParam(reader: PointerReader, section: number, at: number): ElfParam {
  const { view } = reader;
  const word = pointerSize(view.cls);
  const bits = view.shOffset(section) + at + 3 * word;
  const arg = reader.at(section, at + 4 * word);
  const argAt = reader.place(arg);
  const ops = readOps(reader, reader.at(section, at + 2 * word));
  const isArray = ops.ops === 'param_array_ops' && arg !== undefined && argAt >= 0;
  const isString = ops.ops === 'param_ops_string' && argAt >= 0;
  return {
    name: reader.string(reader.at(section, at)) ?? '',
    ...ops,
    perm: view.data.getUint16(bits, true),
    level: view.data.getInt8(bits + 2),
    flags: view.data.getUint8(bits + 3),
    // struct kparam_array: max, elemsize, then pointers to the count and the element's ops.
    array: isArray
      ? {
          max: view.u32(argAt),
          elemsize: view.u32(argAt + 4),
          ops: reader.symbolName(reader.at(arg.section, arg.offset + 8 + word)),
        }
      : undefined,
    string: isString ? { maxlen: view.u32(argAt) } : undefined,
  };
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
