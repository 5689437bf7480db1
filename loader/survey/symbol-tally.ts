/** What the modules of a source say, in sum, about the kernel they were built for. */

import type { Bytes } from '../base/index.ts';
import {
  type CompressionFormat,
  decompressModule,
  moduleDecompressionFormat,
} from '../decompress/index.ts';
import { type ElfArch, type ElfKernel, extractModinfo, readElf } from '../elf/index.ts';

/** e_machine (include/uapi/linux/elf-em.h) */
const ARCH: Record<number, ElfArch> = {
  3: 'i386',
  6: 'i386',
  40: 'arm',
  62: 'x86_64',
  183: 'arm64',
};

/** Counts votes; the commonest value wins, of equals the first seen. */
class Votes<T> {
  readonly #counts = new Map<T, number>();

  add(value: T): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  winner(): { readonly value: T; readonly votes: number } | undefined {
    let best: { value: T; votes: number } | undefined;
    for (const [value, votes] of this.#counts) {
      if (!best || votes > best.votes) best = { value, votes };
    }
    return best;
  }

  get total(): number {
    let total = 0;
    for (const votes of this.#counts.values()) total += votes;
    return total;
  }
}

/** Reads module files one by one and keeps only counts and names. */
export class SymbolTally {
  readonly vermagic = new Votes<string>();
  readonly structModuleSize = new Votes<Bytes>();
  readonly arch = new Votes<ElfArch>();
  readonly compression = new Votes<CompressionFormat>();
  /** Names exported by any module read. */
  readonly exported = new Set<string>();
  /** Checksums expected of a symbol: the first, and votes only once a second one differs. */
  readonly #crcs = new Map<string, { first: number; count: number; others?: Votes<number> }>();
  modules = 0;
  /** Files that do not decode or that no kernel would take for a module. */
  unreadable = 0;

  /** `vermagic` decides the modversions of that file. */
  add(bytes: Uint8Array): void {
    const format = moduleDecompressionFormat(bytes);
    if (format !== null) this.compression.add(format);
    const image = decompressModule(bytes);
    const found = image && extractModinfo(image);
    const arch = found && ARCH[found.machine];
    const read = arch && readElf(image, scanKernel(arch, found.wordBits), 0);
    if (!arch || !read?.ok) {
      this.unreadable += 1;
      return;
    }
    const { elf } = read;
    this.modules += 1;
    this.arch.add(arch);
    this.structModuleSize.add(found.structModuleSize);
    if (elf.vermagic !== undefined) this.vermagic.add(elf.vermagic);
    for (const { name } of elf.exports()) this.exported.add(name);
    for (const { name, crc } of elf.versions()) this.#addCrc(name, crc);
  }

  /** The checksum most modules expect of a symbol. */
  crc(name: string): number | undefined {
    const entry = this.#crcs.get(name);
    if (!entry) return undefined;
    return entry.others?.winner()?.value ?? entry.first;
  }

  #addCrc(name: string, crc: number): void {
    const entry = this.#crcs.get(name);
    if (!entry) {
      this.#crcs.set(name, { first: crc, count: 1 });
      return;
    }
    if (!entry.others && crc !== entry.first) {
      entry.others = new Votes();
      for (let i = 0; i < entry.count; i += 1) entry.others.add(entry.first);
    }
    entry.count += 1;
    entry.others?.add(crc);
  }
}

/** A kernel that takes whatever its architecture allows. */
function scanKernel(arch: ElfArch, wordBits: 32 | 64): ElfKernel {
  return {
    arch,
    wordBits,
    structModuleSize: undefined,
    modversions: true,
    kallsyms: true,
    kallsymsAll: false,
    moduleUnload: true,
    smp: true,
    livepatch: true,
    strictModuleRwx: true,
    sectionNameCheck: 'alloc',
  };
}
