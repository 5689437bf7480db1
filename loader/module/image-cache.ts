// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';
import {
  type CompressionFormat,
  type DecodeResult,
  decodeGzip,
  decodeXz,
  decodeZstd,
} from '../decompress/index.ts';
import {
  type ElfKernel,
  type ElfParam,
  type ElfSymbolCase,
  layoutModule,
  type ModuleElf,
  type ModuleLayout,
  type ReadElfResult,
  readElf,
  SHF,
  SHT,
} from '../elf/index.ts';

/** What loading needs to know of a module beyond its layout: counted once per file. */
export interface ModuleFacts {
  readonly cases: readonly ElfSymbolCase[];
  readonly relocations: number;
  /** Checksums the module was built against, by symbol; the first entry of a name counts. */
  readonly versions: ReadonlyMap<string, number>;
  /** Whether struct module's pointers are set once its memory has its places (Linux 6.4 on). */
  readonly hasInit: boolean;
  readonly hasExit: boolean;
  readonly params: readonly ElfParam[];
  /** The first parameter in sysfs whose name another has, too. */
  readonly paramNamedTwice: string | undefined;
}

interface FileFacts {
  readonly elf: Map<number, ReadElfResult>;
  readonly decoded: Map<CompressionFormat, DecodeResult>;
}

/**
 * Remembers what follows from a file's bytes alone, so that a thousand loads of one file parse it
 * once. Keyed by the byte array itself: entries vanish with the file.
 */
export class ImageCache {
  readonly #kernel: ElfKernel;
  readonly #files = new WeakMap<Uint8Array, FileFacts>();
  readonly #layouts = new WeakMap<ModuleElf, ModuleLayout>();
  readonly #facts = new WeakMap<ModuleElf, ModuleFacts>();

  constructor(kernel: ElfKernel) {
    this.#kernel = kernel;
  }

  get kernel(): ElfKernel {
    return this.#kernel;
  }

  /** The validity checks on the first `len` bytes. */
  elf(bytes: Uint8Array, len: Bytes, flags: number): ReadElfResult {
    const { elf } = this.#file(bytes);
    const key = len * 2 + (flags & 1);
    let result = elf.get(key);
    if (!result) {
      const view = len === bytes.length ? bytes : bytes.subarray(0, len);
      result = readElf(view, this.#kernel, flags);
      elf.set(key, result);
    }
    return result;
  }

  decoded(bytes: Uint8Array, format: CompressionFormat): DecodeResult {
    const { decoded } = this.#file(bytes);
    let result = decoded.get(format);
    if (!result) {
      const decode = { gzip: decodeGzip, xz: decodeXz, zstd: decodeZstd }[format];
      result = decode(bytes, { wordBits: this.#kernel.wordBits });
      decoded.set(format, result);
    }
    return result;
  }

  layout(elf: ModuleElf): ModuleLayout {
    let layout = this.#layouts.get(elf);
    if (!layout) {
      layout = layoutModule(elf, this.#kernel);
      this.#layouts.set(elf, layout);
    }
    return layout;
  }

  facts(elf: ModuleElf): ModuleFacts {
    let facts = this.#facts.get(elf);
    if (!facts) {
      const params = elf.paramEntries();
      facts = {
        cases: elf.symbolCases(),
        relocations: countRelocations(elf),
        versions: versionMap(elf),
        hasInit: isSomewhere(elf.initAt, this.layout(elf)),
        hasExit: isSomewhere(elf.exitAt, this.layout(elf)),
        params,
        paramNamedTwice: paramNamedTwice(params),
      };
      this.#facts.set(elf, facts);
    }
    return facts;
  }

  #file(bytes: Uint8Array): FileFacts {
    let file = this.#files.get(bytes);
    if (!file) {
      file = { elf: new Map(), decoded: new Map() };
      this.#files.set(bytes, file);
    }
    return file;
  }
}

function versionMap(elf: ModuleElf): Map<string, number> {
  const map = new Map<string, number>();
  for (const { name, crc } of elf.versions()) if (!map.has(name)) map.set(name, crc);
  return map;
}

/**
 * A memory type of size 0 has no memory: what lies at its start is at NULL, which is no function
 * (move_module, kernel/module/main.c, Linux 6.12).
 */
function isSomewhere(at: ModuleElf['initAt'], layout: ModuleLayout): boolean {
  if (at === undefined) return false;
  const place = layout.places.find(({ section }) => section === at.section);
  if (place === undefined || place.offset + at.value !== 0) return true;
  return layout.types.some(({ type, raw }) => type === place.type && raw > 0);
}

/** Parameters without permissions have no file (module_param_sysfs_setup, kernel/params.c). */
function paramNamedTwice(params: readonly ElfParam[]): string | undefined {
  const seen = new Set<string>();
  for (const { name, perm } of params) {
    if (perm === 0) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** Relocations that apply_relocations goes through: those of allocated sections. */
function countRelocations(elf: ModuleElf): number {
  const { sections } = elf;
  let count = 0;
  for (const section of sections) {
    if (section.type !== SHT.REL && section.type !== SHT.RELA) continue;
    const target = sections[section.info];
    if (!target || (target.flags & SHF.ALLOC) === 0) continue;
    const entry = section.entsize || (section.type === SHT.REL ? 8 : 24);
    count += Math.floor(Math.min(section.size, elf.bytes.length) / entry);
  }
  return count;
}
