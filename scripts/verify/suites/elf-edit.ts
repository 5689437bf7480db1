// SPDX-License-Identifier: MIT
// A module file to be damaged: fields by name, contents that grow by moving to the end.

/** Fields of an ELF32 section header, in order, four bytes each. */
export const SECTION_FIELDS = [
  'name',
  'type',
  'flags',
  'addr',
  'offset',
  'size',
  'link',
  'info',
  'addralign',
  'entsize',
] as const;
export type SectionField = (typeof SECTION_FIELDS)[number];

export interface SymbolFields {
  readonly name?: number;
  readonly value?: number;
  readonly size?: number;
  readonly info?: number;
  readonly other?: number;
  readonly shndx?: number;
}

const SECTION_HEADER = 40;
const SYMBOL = 16;
/** Offset and width of a symbol's fields. */
const SYMBOL_FIELDS = {
  name: [0, 4],
  value: [4, 4],
  size: [8, 4],
  info: [12, 1],
  other: [13, 1],
  shndx: [14, 2],
} as const satisfies Record<keyof SymbolFields, readonly [number, number]>;
/** struct module: state and list stand before the name. */
const MODULE_NAME = 12;
const MODULE_NAME_LEN = 60;
export const THIS_MODULE = '.gnu.linkonce.this_module';

export class ElfEdit {
  #bytes: Uint8Array;

  /** A copy of `bytes`, which must be a whole ELF32 module. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get #view(): DataView {
    return new DataView(this.#bytes.buffer);
  }

  get sections(): number {
    return this.#view.getUint16(48, true);
  }

  get(at: number, width: number): number {
    const v = this.#view;
    return width === 1
      ? v.getUint8(at)
      : width === 2
        ? v.getUint16(at, true)
        : v.getUint32(at, true);
  }

  put(at: number, width: number, value: number): void {
    const v = this.#view;
    if (width === 1) v.setUint8(at, value);
    else if (width === 2) v.setUint16(at, value, true);
    else v.setUint32(at, value, true);
  }

  text(at: number, text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i);
  }

  headerAt(section: number): number {
    return this.#view.getUint32(32, true) + SECTION_HEADER * section;
  }

  field(section: number, name: SectionField): number {
    return this.get(this.headerAt(section) + 4 * SECTION_FIELDS.indexOf(name), 4);
  }

  set(section: number, name: SectionField, value: number): void {
    this.put(this.headerAt(section) + 4 * SECTION_FIELDS.indexOf(name), 4, value);
  }

  nameOf(section: number): string {
    return this.#stringAt(this.field(this.get(50, 2), 'offset') + this.field(section, 'name'));
  }

  /** The first section of that name; throws when there is none. */
  section(name: string): number {
    for (let i = 1; i < this.sections; i++) if (this.nameOf(i) === name) return i;
    throw new Error(`no section ${name}`);
  }

  has(name: string): boolean {
    return Array.from({ length: this.sections }, (_, i) => this.nameOf(i)).includes(name);
  }

  contents(section: number): Uint8Array {
    const at = this.field(section, 'offset');
    return this.#bytes.slice(at, at + this.field(section, 'size'));
  }

  /** Puts bytes at the file's end, at a multiple of `align` and `past` bytes. Where they lie. */
  append(contents: Uint8Array, align = 4, past = 0): number {
    const at = Math.ceil(this.#bytes.length / align) * align + past;
    const grown = new Uint8Array(at + contents.length);
    grown.set(this.#bytes);
    grown.set(contents, at);
    this.#bytes = grown;
    return at;
  }

  /** Gives a section other contents, at the file's end, with zeros behind. */
  replace(section: number, contents: Uint8Array, align = 4, past = 0): void {
    this.set(section, 'offset', this.append(contents, align, past));
    this.set(section, 'size', contents.length);
    this.append(new Uint8Array(64));
  }

  get symbols(): number {
    return Math.floor(this.field(this.section('.symtab'), 'size') / SYMBOL);
  }

  symbol(index: number, name: keyof SymbolFields): number {
    const [at, width] = SYMBOL_FIELDS[name];
    return this.get(this.symbolAt(index) + at, width);
  }

  setSymbol(index: number, fields: SymbolFields): void {
    for (const [name, value] of Object.entries(fields)) {
      const [at, width] = SYMBOL_FIELDS[name as keyof SymbolFields];
      this.put(this.symbolAt(index) + at, width, value);
    }
  }

  symbolName(index: number): string {
    return this.#stringAt(
      this.field(this.section('.strtab'), 'offset') + this.symbol(index, 'name'),
    );
  }

  /** The last symbol of that name; throws when there is none. */
  findSymbol(name: string): number {
    for (let i = this.symbols - 1; i > 0; i--) if (this.symbolName(i) === name) return i;
    throw new Error(`no symbol ${name}`);
  }

  /** Adds a symbol, whose name is added too; its index. */
  addSymbol(name: string, fields: SymbolFields = {}): number {
    const table = this.section('.symtab');
    const index = this.symbols;
    const grown = new Uint8Array((index + 1) * SYMBOL);
    grown.set(this.contents(table));
    this.replace(table, grown);
    this.setSymbol(index, { name: this.addString(name), info: 0x10, ...fields });
    return index;
  }

  /** Adds a name to .strtab; its offset there. */
  addString(text: string): number {
    const table = this.section('.strtab');
    const old = this.contents(table);
    const grown = new Uint8Array(old.length + text.length + 1);
    grown.set(old);
    for (let i = 0; i < text.length; i++) grown[old.length + i] = text.charCodeAt(i);
    this.replace(table, grown);
    return old.length;
  }

  /** Names the module; what comes after the name's end stays. */
  setName(name: string): void {
    const at = this.field(this.section(THIS_MODULE), 'offset') + MODULE_NAME;
    this.#bytes.fill(0, at, at + MODULE_NAME_LEN);
    this.text(at, name);
  }

  /** Only the first `length` bytes of the file. */
  cut(length: number): void {
    this.#bytes = this.#bytes.slice(0, length);
  }

  /** File offset of a symbol. */
  symbolAt(index: number): number {
    return this.field(this.section('.symtab'), 'offset') + SYMBOL * index;
  }

  #stringAt(at: number): string {
    const end = this.#bytes.indexOf(0, at);
    return String.fromCharCode(...this.#bytes.subarray(at, end));
  }
}
