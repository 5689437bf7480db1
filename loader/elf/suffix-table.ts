// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';
import { writeLatin1 } from './string-table.ts';

/**
 * A table of NUL-terminated strings in which a string that ends another shares its bytes, as
 * assemblers and linkers write `.strtab` and `.shstrtab`.
 */
export class SuffixTable {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #stored: (readonly [at: number, text: string])[] = [];
  readonly size: Bytes;

  constructor(texts: Iterable<string>) {
    const reverse = (text: string): string => [...text].reverse().join('');
    const sorted = [...new Set(texts)]
      .filter((text) => text !== '')
      .map((text) => [reverse(text), text] as const)
      .sort(([a], [b]) => (a < b ? 1 : -1));
    let end = 1;
    let longer: readonly [reversed: string, end: number] = ['', 0];
    for (const [reversed, text] of sorted) {
      if (longer[0].startsWith(reversed)) {
        this.#offsets.set(text, longer[1] - text.length);
        continue;
      }
      this.#offsets.set(text, end);
      this.#stored.push([end, text]);
      end += text.length;
      longer = [reversed, end];
      end += 1;
    }
    this.size = end;
  }

  /** Where a string of the table begins; undefined for one that is not in it. */
  at(text: string): number | undefined {
    return this.#offsets.get(text);
  }

  write(bytes: Uint8Array, at: number): void {
    for (const [offset, text] of this.#stored) writeLatin1(bytes, at + offset, text);
  }
}
