// SPDX-License-Identifier: MIT
/** Text a guest prints on its serial port, as a whole and line by line. */

export class SerialConsole {
  readonly #limit: number;
  readonly #onText: ((text: string) => void) | undefined;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #pending = new Uint8Array(256);
  #length = 0;
  #count = 0;
  readonly #parts: string[] = [];

  /** Keeps the first `limit` bytes; `onText` is given lines, or parts of long ones, as they end. */
  constructor(limit: number, onText?: (text: string) => void) {
    this.#limit = limit;
    this.#onText = onText;
  }

  /** Bytes printed, kept or not. */
  get count(): number {
    return this.#count;
  }

  get overflown(): boolean {
    return this.#count > this.#limit;
  }

  put(byte: number): void {
    if (++this.#count > this.#limit) return;
    this.#pending[this.#length++] = byte;
    if (byte === 10 || this.#length === this.#pending.length) this.flush();
  }

  /** Hands on what has not ended in a newline yet. */
  flush(): void {
    if (this.#length === 0) return;
    const bytes = this.#pending.subarray(0, this.#length);
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#length = 0;
    if (text === '') return;
    this.#parts.push(text);
    this.#onText?.(text);
  }

  /** Everything kept so far. */
  text(): string {
    this.flush();
    return this.#parts.join('');
  }
}

/**
 * The text the storm guest printed between its marker lines for `path`; undefined when it is not
 * on the console whole.
 */
export function printedFile(console: string, path: string): string | undefined {
  const begin = new RegExp(
    `^storm: ---- ${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}, (\\d+) bytes ----\\n`,
    'm',
  ).exec(console);
  if (begin === null) return undefined;
  const bytes = new TextEncoder().encode(console.slice(begin.index + begin[0].length));
  const length = Number(begin[1]);
  if (bytes.length < length) return undefined;
  const rest = new TextDecoder().decode(bytes.subarray(length));
  if (!/^\n?storm: ---- end ----\n/.test(rest)) return undefined;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, length));
}
