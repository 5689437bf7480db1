// SPDX-License-Identifier: MIT
/** Typed arrays that grow: entries per chunk. */
const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;

type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/**
 * A list of numbers that grows without being copied, so that a million entries never need twice
 * their room for a moment. Entries not set yet are 0.
 */
export class Column {
  readonly #make: (length: number) => Numbers;
  readonly #chunks: Numbers[] = [];

  private constructor(make: (length: number) => Numbers) {
    this.#make = make;
  }

  static float64(): Column {
    return new Column((n) => new Float64Array(n));
  }

  static uint32(): Column {
    return new Column((n) => new Uint32Array(n));
  }

  static uint16(): Column {
    return new Column((n) => new Uint16Array(n));
  }

  static uint8(): Column {
    return new Column((n) => new Uint8Array(n));
  }

  get(index: number): number {
    return this.#chunks[index >>> CHUNK_BITS]?.[index & CHUNK_MASK] ?? 0;
  }

  set(index: number, value: number): void {
    const at = index >>> CHUNK_BITS;
    while (this.#chunks.length <= at) this.#chunks.push(this.#make(CHUNK));
    this.#chunks[at]![index & CHUNK_MASK] = value;
  }
}

/** Strings by number, each kept once. */
export class StringTable {
  readonly #ids = new Map<string, number>();
  readonly #strings: string[] = [];

  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#strings.length;
      this.#strings.push(text);
      this.#ids.set(text, id);
    }
    return id;
  }

  get(id: number): string {
    return this.#strings[id]!;
  }
}
