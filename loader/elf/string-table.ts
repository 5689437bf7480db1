// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';

/** `${stem}0`, `${stem}1`, and so on, one behind the other. */
interface Series {
  readonly stem: string;
  readonly count: number;
  /** Where the first begins. */
  readonly offset: number;
}

/** A table of NUL-terminated strings, each stored once (ELF string table). */
export class StringTable {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #entries: (string | Series)[] = [''];
  readonly #series: Series[] = [];
  #size = 1;

  get size(): Bytes {
    return this.#size;
  }

  /** Offset of the string, which is added when new. One byte a character. */
  add(text: string): number {
    const known = this.#offsets.get(text) ?? this.#inSeries(text);
    if (known !== undefined) return known;
    const offset = this.#size;
    this.#offsets.set(text, offset);
    this.#entries.push(text);
    this.#size += text.length + 1;
    return offset;
  }

  /** Adds `count` new strings that end in their numbers; offset of the first. */
  addSeries(stem: string, count: number): number {
    const offset = this.#size;
    const series = { stem, count, offset };
    this.#entries.push(series);
    this.#series.push(series);
    this.#size += seriesSize(stem, count);
    return offset;
  }

  #inSeries(text: string): number | undefined {
    for (const { stem, count, offset } of this.#series) {
      if (!text.startsWith(stem)) continue;
      const number = Number(text.slice(stem.length));
      if (number < count && text === `${stem}${number}`) return offset + seriesSize(stem, number);
    }
    return undefined;
  }

  /** Puts the table at `at`. */
  write(bytes: Uint8Array, at: number): void {
    let end = at;
    for (const entry of this.#entries) {
      end =
        typeof entry === 'string'
          ? writeLatin1(bytes, end, entry) + 1
          : writeSeries(bytes, end, entry);
    }
  }
}

/** Puts `text` at `at`, one byte a character; the end. */
export function writeLatin1(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function writeSeries(bytes: Uint8Array, at: number, { stem, count }: Series): number {
  let end = at;
  for (let i = 0; i < count; i += 1) {
    end = writeLatin1(bytes, writeLatin1(bytes, end, stem), String(i)) + 1;
  }
  return end;
}

/** Bytes of the strings of a series with numbers below `count`. */
function seriesSize(stem: string, count: number): Bytes {
  let size = count * (stem.length + 2);
  for (let from = 10; from < count; from *= 10) size += count - from;
  return size;
}
