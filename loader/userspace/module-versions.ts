// SPDX-License-Identifier: MIT
/** CRCs of symbols in a module file, as `modprobe --show-modversions` lists them (libkmod-elf.c, kmod 30). */
import { cString, ElfView, hasPrefix, insideFile } from '../elf/index.ts';

export interface SymbolVersion {
  readonly symbol: string;
  readonly crc: number;
}

export interface ModuleVersions {
  /** What the module expects of others; undefined without `__versions`. */
  readonly versions: readonly SymbolVersion[] | undefined;
  readonly exports: readonly SymbolVersion[];
}

/** struct modversion_info, include/linux/module.h, Linux 6.12 */
const VERSION_BYTES = 64;
const NAME_MAX = 512;
const SHN_ABS = 0xfff1;

/** Undefined when the file is no ELF file. */
export function scanVersions(bytes: Uint8Array): ModuleVersions | undefined {
  if (!hasPrefix(bytes, 0, '\x7fELF') || bytes.length < 64) return undefined;
  const view = new ElfView(bytes, bytes[4] === 1 ? 32 : 64);
  const section = (name: string): number | undefined => {
    for (let i = 1; i < view.header.shnum; i += 1) {
      if (view.nameIs(i, name) && insideFile(view, i)) return i;
    }
    return undefined;
  };
  const versions = section('__versions');
  return {
    versions: versions === undefined ? undefined : expected(view, versions),
    exports: exported(view, section('.symtab'), section('.strtab'), section('__ksymtab_strings')),
  };
}

function expected(view: ElfView, section: number): SymbolVersion[] {
  const start = view.shOffset(section);
  const word = view.wide ? 8 : 4;
  return Array.from({ length: Math.floor(view.shSize(section) / VERSION_BYTES) }, (_, i) => {
    const at = start + i * VERSION_BYTES;
    const name = cString(view.bytes, at + word, VERSION_BYTES - word);
    return { symbol: name.startsWith('.') ? name.slice(1) : name, crc: view.u32(at) };
  });
}

/** `__crc_NAME` symbols; without any, the names alone. */
function exported(
  view: ElfView,
  symtab: number | undefined,
  strtab: number | undefined,
  strings: number | undefined,
): SymbolVersion[] {
  const found: SymbolVersion[] = [];
  if (symtab !== undefined && strtab !== undefined) {
    const step = view.cls.sym;
    for (let i = 1; i < Math.floor(view.shSize(symtab) / step); i += 1) {
      const at = view.shOffset(symtab) + i * step;
      const name = view.shOffset(strtab) + view.u32(at);
      if (!hasPrefix(view.bytes, name, '__crc_')) continue;
      const value = view.u32(at + (view.wide ? 8 : 4));
      const shndx = view.data.getUint16(at + (view.wide ? 6 : 14), true);
      const crc = shndx === SHN_ABS || shndx === 0 ? value : view.u32(view.shOffset(shndx) + value);
      found.push({ symbol: cString(view.bytes, name + 6, NAME_MAX), crc });
    }
  }
  if (found.length > 0 || strings === undefined) return found;
  const start = view.shOffset(strings);
  const text = new TextDecoder('latin1').decode(
    view.bytes.subarray(start, start + view.shSize(strings)),
  );
  return text
    .split('\0')
    .filter((name) => name !== '')
    .map((symbol) => ({ symbol, crc: 0 }));
}
