// SPDX-License-Identifier: MIT
/** Cuts text that arrives in pieces of any size into lines. */
export class LineSplitter {
  #rest = '';
  #number = 0;

  /** Number of the line handed out last, from 1. */
  get number(): number {
    return this.#number;
  }

  /** Calls `line` with each line that is complete now, without its end, until it returns false. */
  feed(chunk: string, line: (text: string, number: number) => unknown): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf('\n', from);
      if (end < 0) break;
      const text = this.#rest + chunk.slice(from, end);
      this.#rest = '';
      from = end + 1;
      this.#number += 1;
      if (line(text.endsWith('\r') ? text.slice(0, -1) : text, this.#number) === false) return;
    }
    this.#rest += chunk.slice(from);
  }

  /** Hands out a last line that has no end. */
  end(line: (text: string, number: number) => unknown): void {
    if (this.#rest === '') return;
    const text = this.#rest;
    this.#rest = '';
    this.#number += 1;
    line(text, this.#number);
  }
}
