// SPDX-License-Identifier: MIT
/** Lets something happen no more often than every so many milliseconds, while that matters. */
export class Pace {
  readonly #ms: number;
  #last = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether it is time again; always, unless `limited`. */
  due(limited: boolean): boolean {
    const now = performance.now();
    if (limited && now - this.#last < this.#ms) return false;
    this.#last = now;
    return true;
  }
}
