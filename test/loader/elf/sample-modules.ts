// SPDX-License-Identifier: MIT
/** Kernels and module files the tests of the ELF room share. */
import type { ElfKernel, ModuleElf, ModuleSpec } from '../../../loader/elf/index.ts';
import { readElf, writeModule } from '../../../loader/elf/index.ts';

export const I386: ElfKernel = {
  arch: 'i386',
  wordBits: 32,
  structModuleSize: 640,
  modversions: false,
  kallsyms: true,
  kallsymsAll: false,
  moduleUnload: true,
  smp: true,
  livepatch: false,
  strictModuleRwx: true,
  sectionNameCheck: 'all',
};

export const X86_64: ElfKernel = {
  ...I386,
  arch: 'x86_64',
  wordBits: 64,
  structModuleSize: 1280,
};

export const KERNELS = [I386, X86_64];

/** A module with some of everything. */
export function fullSpec(kernel: ElfKernel): ModuleSpec {
  return {
    name: 'sample',
    arch: kernel.arch === 'x86_64' ? 'x86_64' : 'i386',
    structModuleSize: kernel.structModuleSize ?? 640,
    sizes: {
      text: 600,
      exitText: 20,
      initText: 90,
      rodata: 45,
      initRodata: 9,
      data: 70,
      initData: 12,
      roAfterInit: 16,
      percpu: 24,
      bss: 100,
    },
    vermagic: '6.12.0 SMP mod_unload',
    depends: ['alpha', 'beta'],
    modinfo: [
      ['alias', 'pci:v00001234d*'],
      ['alias', 'sample-alias'],
      ['import_ns', 'CRYPTO'],
      ['import_ns', 'USB'],
    ],
    params: [
      { name: 'count', type: 'int', perm: 0o644 },
      { name: 'list', type: 'uint', array: 4 },
      { name: 'on', type: 'bool' },
    ],
    exports: [
      { name: 'sample_open', crc: 0x11223344 },
      { name: 'sample_close', gpl: true, namespace: 'SAMPLE', crc: 0xdeadbeef },
      { name: 'sample_abort', crc: 7 },
    ],
    undefinedSymbols: ['_printk', '__kmalloc'],
    versions: [
      { name: 'module_layout', crc: 0xcafe0001 },
      { name: '_printk', crc: 0xfeed0002 },
    ],
    extraSymbols: 12,
  };
}

export function sampleFile(kernel: ElfKernel): Uint8Array<ArrayBuffer> {
  return writeModule(fullSpec(kernel));
}

/** The parsed module, or an error that shows why not. */
export function mustRead(bytes: Uint8Array, kernel: ElfKernel, flags = 0): ModuleElf {
  const result = readElf(bytes, kernel, flags);
  if (!result.ok) throw new Error(`refused: ${result.message?.text}`);
  return result.elf;
}

/** Offsets of header fields in a file, restated from the ELF format. */
export const FIELD = {
  32: {
    shoff: 32,
    shentsize: 46,
    shnum: 48,
    shstrndx: 50,
    shdr: 40,
    name: 0,
    type: 4,
    flags: 8,
    addr: 12,
    offset: 16,
    size: 20,
    link: 24,
    info: 28,
    addralign: 32,
  },
  64: {
    shoff: 40,
    shentsize: 58,
    shnum: 60,
    shstrndx: 62,
    shdr: 64,
    name: 0,
    type: 4,
    flags: 8,
    addr: 16,
    offset: 24,
    size: 32,
    link: 40,
    info: 44,
    addralign: 48,
  },
} as const;

export type SectionField =
  | 'name'
  | 'type'
  | 'flags'
  | 'addr'
  | 'offset'
  | 'size'
  | 'link'
  | 'info'
  | 'addralign';

const WIDE_FIELDS = new Set<SectionField>(['flags', 'addr', 'offset', 'size', 'addralign']);

/** A copy of a module file with fields changed. */
export class Damage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kernel: ElfKernel;
  readonly #view: DataView;

  constructor(kernel: ElfKernel, file: Uint8Array = sampleFile(kernel)) {
    this.kernel = kernel;
    this.bytes = new Uint8Array(file);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(at: number, value: number): this {
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** A number of the file's own word size. */
  word(at: number, value: bigint): this {
    if (this.kernel.wordBits === 64) this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
    else this.#view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    return this;
  }

  get field() {
    return FIELD[this.kernel.wordBits];
  }

  get shoff(): number {
    return this.#view.getUint32(this.field.shoff, true);
  }

  get shnum(): number {
    return this.#view.getUint16(this.field.shnum, true);
  }

  /** Place of a field in a section header. */
  at(section: number, field: SectionField): number {
    return this.shoff + section * this.field.shdr + this.field[field];
  }

  section(section: number, field: SectionField, value: number | bigint): this {
    const at = this.at(section, field);
    return WIDE_FIELDS.has(field) ? this.word(at, BigInt(value)) : this.u32(at, Number(value));
  }

  get(section: number, field: SectionField): number {
    return this.#view.getUint32(this.at(section, field), true);
  }

  /** Index of the section of that name, by the names as they now are. */
  index(name: string): number {
    const table = this.#view.getUint16(this.field.shstrndx, true);
    const strings = this.get(table, 'offset');
    for (let i = 1; i < this.shnum; i += 1) {
      let at = strings + this.get(i, 'name');
      let text = '';
      while (this.bytes[at]) text += String.fromCharCode(this.bytes[at++]!);
      if (text === name) return i;
    }
    throw new Error(`no section ${name}`);
  }

  /** What the kernel says about the file now: `level: text`, or `ok`. */
  verdict(kernel: ElfKernel = this.kernel, flags = 0): string {
    const result = readElf(this.bytes, kernel, flags);
    if (result.ok) return 'ok';
    return `-${result.errno} ${result.message?.level}: ${result.message?.text}`;
  }
}
