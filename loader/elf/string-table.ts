/** A table of NUL-terminated strings, each stored once (ELF string table). */
export class StringTable {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #strings: string[] = [''];
  #size = 1;

  /** Offset of the string, which is added when new. One byte a character. */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#size;
    this.#offsets.set(text, offset);
    this.#strings.push(text);
    this.#size += text.length + 1;
    return offset;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const text of this.#strings) {
      writeLatin1(bytes, at, text);
      at += text.length + 1;
    }
    return bytes;
  }
}

/** Puts `text` at `at`, one byte a character. */
export function writeLatin1(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
}
