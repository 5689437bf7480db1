// SPDX-License-Identifier: MIT
/** Cuts text that arrives in pieces into lines, of bounded length. */

/** Characters of the longest line that is taken. */
export const LONGEST_LINE = 1 << 20;

export interface LineProblem {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly found: string;
}

export class BoundedLines {
  #rest = '';
  #number = 0;
  #problem: LineProblem | null = null;

  /** Number of the line handed out last, from 1. */
  get number(): number {
    return this.#number;
  }

  /** Calls `take` with each complete line, without its end. Null, or why the text cannot be read. */
  feed(chunk: string, take: (text: string, number: number) => void): LineProblem | null {
    if (this.#problem !== null) return this.#problem;
    let from = 0;
    for (;;) {
      const end = chunk.indexOf('\n', from);
      if (end < 0) break;
      if (this.#rest.length + end - from > LONGEST_LINE) return this.#tooLong();
      const text = this.#rest === '' ? chunk.slice(from, end) : this.#rest + chunk.slice(from, end);
      this.#rest = '';
      from = end + 1;
      this.#number += 1;
      take(text.endsWith('\r') ? text.slice(0, -1) : text, this.#number);
    }
    if (this.#rest.length + chunk.length - from > LONGEST_LINE) return this.#tooLong();
    this.#rest += chunk.slice(from);
    return null;
  }

  /** Hands out a last line that has no end. */
  end(take: (text: string, number: number) => void): void {
    if (this.#problem !== null || this.#rest === '') return;
    const text = this.#rest;
    this.#rest = '';
    this.#number += 1;
    take(text.endsWith('\r') ? text.slice(0, -1) : text, this.#number);
  }

  #tooLong(): LineProblem {
    this.#rest = '';
    this.#problem = {
      line: this.#number + 1,
      column: LONGEST_LINE + 1,
      expected: `the end of the line (lines have at most ${LONGEST_LINE} characters)`,
      found: 'a longer line',
    };
    return this.#problem;
  }
}
