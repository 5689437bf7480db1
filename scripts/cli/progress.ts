// SPDX-License-Identifier: MIT
/** One line of progress on stderr, only when that is a terminal; redrawn at most ten times a second. */
export class Progress {
  readonly #shown = process.stderr.isTTY === true;
  #last = 0;
  #drawn = false;

  show(text: () => string): void {
    if (!this.#shown) return;
    const now = performance.now();
    if (now - this.#last < 100) return;
    this.#last = now;
    this.#drawn = true;
    process.stderr.write(`\r\x1b[K${text()}`);
  }

  clear(): void {
    if (!this.#drawn) return;
    this.#drawn = false;
    process.stderr.write('\r\x1b[K');
  }
}
