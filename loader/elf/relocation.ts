// SPDX-License-Identifier: MIT
/**
 * Relocation sections: entries of REL and RELA in both classes, and the question "what does the
 * pointer at this place of that section refer to".
 */
import { ELF64, type ElfClass, SHT, STT } from './elf-constants.ts';
import type { ElfIndex } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { NameReader } from './name-reader.ts';

/**
 * Relocations looked at for one question. Real modules stay far below; a hostile file can let its
 * 65,000 sections overlap and claim billions.
 *
 * Model: relocations beyond it are taken to be in order.
 */
export const RELOCATIONS_MAX = 8_000_000;

/** One section of relocations, read in place. It lies inside the file: the checks saw to that. */
export class RelocationTable {
  readonly view: ElfView;
  readonly section: number;
  readonly rela: boolean;
  readonly count: number;
  readonly #base: number;
  readonly #step: number;

  /** At most `max` entries are counted. */
  constructor(view: ElfView, section: number, max = RELOCATIONS_MAX) {
    this.view = view;
    this.section = section;
    this.rela = view.shType(section) === SHT.RELA;
    this.#base = view.shOffset(section);
    this.#step = this.rela ? view.cls.rela : view.cls.rel;
    this.count = Math.min(max, Math.floor(view.shSize(section) / this.#step));
  }

  /** Place in the target section. */
  offset(i: number): number {
    return this.view.word(this.#base + i * this.#step);
  }

  type(i: number): number {
    const at = this.#base + i * this.#step;
    return this.view.wide ? this.view.u32(at + 8) : this.view.u32(at + 4) & 0xff;
  }

  sym(i: number): number {
    const at = this.#base + i * this.#step;
    return this.view.wide ? this.view.u32(at + 12) : this.view.u32(at + 4) >>> 8;
  }

  /** The addend of a RELA entry, as a signed number; 0 for REL, where the place holds it. */
  addend(i: number): number {
    if (!this.rela) return 0;
    const at = this.#base + i * this.#step + (this.view.wide ? 16 : 8);
    if (!this.view.wide) return this.view.u32(at) | 0;
    return (this.view.u32(at + 4) | 0) * TWO32 + this.view.u32(at);
  }
}

/** Relocation tables by target section, in file order. */
export function relocationTables(view: ElfView): Map<number, RelocationTable[]> {
  const byTarget = new Map<number, RelocationTable[]>();
  let left = RELOCATIONS_MAX;
  for (let i = 1; i < view.header.shnum; i += 1) {
    const type = view.shType(i);
    if (type !== SHT.REL && type !== SHT.RELA) continue;
    const table = new RelocationTable(view, i, left);
    left -= table.count;
    const target = view.shInfo(i);
    const tables = byTarget.get(target);
    if (tables) tables.push(table);
    else byTarget.set(target, [table]);
  }
  return byTarget;
}

const TWO32 = 0x1_0000_0000;

/** What a relocated pointer refers to. */
export interface PointerTarget {
  readonly symbol: number;
  /** Section of the symbol; 0 for a symbol of another module or the kernel. */
  readonly section: number;
  /** Offset in that section. */
  readonly offset: number;
}

/** Entries of one target section by place. */
class PlaceIndex {
  readonly #tables: RelocationTable[];
  readonly #places: Float64Array;
  readonly #entries: Uint32Array;
  /** First entry number of each table. */
  readonly #firsts: number[] = [];

  constructor(tables: RelocationTable[]) {
    this.#tables = tables;
    let count = 0;
    for (const table of tables) {
      this.#firsts.push(count);
      count += table.count;
    }
    const places = new Float64Array(count);
    const entries = new Uint32Array(count);
    let n = 0;
    let sorted = true;
    for (const table of tables) {
      for (let i = 0; i < table.count; i += 1, n += 1) {
        places[n] = table.offset(i);
        entries[n] = n;
        if (n > 0 && places[n]! < places[n - 1]!) sorted = false;
      }
    }
    if (sorted) {
      this.#places = places;
    } else {
      entries.sort((a, b) => places[a]! - places[b]! || a - b);
      this.#places = places.slice().sort();
    }
    this.#entries = entries;
  }

  /** The last entry at that place. */
  find(place: number): { readonly table: RelocationTable; readonly i: number } | undefined {
    let lo = 0;
    let hi = this.#places.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.#places[mid]! <= place) lo = mid + 1;
      else hi = mid;
    }
    if (lo === 0 || this.#places[lo - 1] !== place) return undefined;
    const entry = this.#entries[lo - 1]!;
    let t = this.#tables.length - 1;
    while (this.#firsts[t]! > entry) t -= 1;
    return { table: this.#tables[t]!, i: entry - this.#firsts[t]! };
  }
}

/** Follows relocated pointers of one file. Holds its indexes only while it is in use. */
export class PointerReader {
  readonly view: ElfView;
  readonly #sym: number;
  readonly #str: number;
  readonly #count: number;
  readonly #tables: ReadonlyMap<number, RelocationTable[]>;
  readonly #indexes = new Map<number, PlaceIndex>();
  readonly #names: NameReader;
  #named: Map<number, number> | undefined;

  constructor(view: ElfView, index: ElfIndex) {
    this.view = view;
    this.#tables = relocationTables(view);
    this.#names = new NameReader(view.bytes);
    this.#sym = view.shOffset(index.sym);
    this.#str = view.shOffset(index.str);
    this.#count = Math.floor(view.shSize(index.sym) / view.cls.sym);
  }

  /** The target of the pointer at `offset` of `section`; undefined when nothing relocates it. */
  at(section: number, offset: number): PointerTarget | undefined {
    let index = this.#indexes.get(section);
    if (!index) {
      index = new PlaceIndex(this.#tables.get(section) ?? []);
      this.#indexes.set(section, index);
    }
    const entry = index.find(offset);
    if (!entry) return undefined;
    const symbol = entry.table.sym(entry.i);
    if (symbol === 0 || symbol >= this.#count) return undefined;
    const { view } = this;
    const addend = entry.table.rela
      ? entry.table.addend(entry.i)
      : view.u32(view.shOffset(section) + offset) | 0;
    const value = this.#value(symbol) + addend;
    return {
      symbol,
      section: this.#shndx(symbol),
      offset: view.wide ? value : value >>> 0,
    };
  }

  /** File offset of a target inside a section with contents; -1 otherwise. */
  place(target: PointerTarget | undefined): number {
    if (!target) return -1;
    const { view } = this;
    const { section, offset } = target;
    if (section === 0 || section >= view.header.shnum) return -1;
    const type = view.shType(section);
    if (type === SHT.NULL || type === SHT.NOBITS) return -1;
    if (!(offset >= 0 && offset < view.shSize(section))) return -1;
    return view.shOffset(section) + offset;
  }

  /** The string a pointer refers to. */
  string(target: PointerTarget | undefined): string | undefined {
    const at = this.place(target);
    return at < 0 ? undefined : this.#names.at(at);
  }

  /** Name of the symbol a pointer refers to, also through a section symbol and an offset. */
  symbolName(target: PointerTarget | undefined): string | undefined {
    if (!target) return undefined;
    let { symbol } = target;
    if ((this.#info(symbol) & 0xf) === STT.SECTION) {
      const named = this.#symbolAt(target.section, target.offset);
      if (named === undefined) return undefined;
      symbol = named;
    }
    return this.#name(symbol) || undefined;
  }

  #symbolAt(section: number, offset: number): number | undefined {
    if (!this.#named) {
      this.#named = new Map();
      for (let i = this.#count - 1; i > 0; i -= 1) {
        const type = this.#info(i) & 0xf;
        if (type !== STT.OBJECT && type !== STT.FUNC) continue;
        const value = this.#value(i);
        if (value < TWO32) this.#named.set(this.#shndx(i) * TWO32 + value, i);
      }
    }
    return this.#named.get(section * TWO32 + offset);
  }

  #at(i: number): number {
    return this.#sym + i * this.view.cls.sym;
  }

  #name(i: number): string {
    const at = this.view.pointer(this.#str, this.view.u32(this.#at(i)));
    return this.#names.at(at);
  }

  #info(i: number): number {
    return this.view.bytes[this.#at(i) + (this.view.wide ? 4 : 12)] ?? 0;
  }

  #shndx(i: number): number {
    return this.view.data.getUint16(this.#at(i) + (this.view.wide ? 6 : 14), true);
  }

  #value(i: number): number {
    return this.view.word(this.#at(i) + (this.view.wide ? 8 : 4));
  }
}

/** Bytes of a pointer in that class. */
export function pointerSize(cls: ElfClass): number {
  return cls === ELF64 ? 8 : 4;
}
