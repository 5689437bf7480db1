// SPDX-License-Identifier: MIT
/** The symbol table of a module, read from the file entry by entry. */
import { equals } from './c-string.ts';
import type { ElfIndex, ElfSymbols } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { NameReader } from './name-reader.ts';

export class SymbolTable implements ElfSymbols {
  readonly count: number;
  readonly #view: ElfView;
  readonly #base: number;
  readonly #strings: number;
  readonly #names: NameReader;

  constructor(view: ElfView, index: ElfIndex) {
    this.#view = view;
    this.#base = view.shOffset(index.sym);
    this.#strings = view.shOffset(index.str);
    this.#names = new NameReader(view.bytes);
    this.count = Math.floor(view.shSize(index.sym) / view.cls.sym);
  }

  #at(i: number): number {
    return this.#base + i * this.#view.cls.sym;
  }

  nameOffset(i: number): number {
    return this.#view.u32(this.#at(i));
  }

  /** File offset of the name. Nothing checks that it lies in the string table, or in the file. */
  nameAt(i: number): number {
    return this.#view.pointer(this.#strings, this.nameOffset(i));
  }

  name(i: number): string {
    return this.#names.at(this.nameAt(i));
  }

  /** strcmp(name, text) == 0 */
  nameIs(i: number, text: string): boolean {
    return equals(this.#view.bytes, this.nameAt(i), text);
  }

  value(i: number): number {
    return this.#view.word(this.#at(i) + (this.#view.wide ? 8 : 4));
  }

  size(i: number): number {
    return this.#view.word(this.#at(i) + (this.#view.wide ? 16 : 8));
  }

  info(i: number): number {
    return this.#view.bytes[this.#at(i) + (this.#view.wide ? 4 : 12)] ?? 0;
  }

  other(i: number): number {
    return this.#view.bytes[this.#at(i) + (this.#view.wide ? 5 : 13)] ?? 0;
  }

  shndx(i: number): number {
    const at = this.#at(i) + (this.#view.wide ? 6 : 14);
    return (this.#view.bytes[at] ?? 0) | ((this.#view.bytes[at + 1] ?? 0) << 8);
  }
}
