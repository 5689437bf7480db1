// SPDX-License-Identifier: MIT
/** Walks a tar archive (ustar, GNU) that arrives in pieces; nothing is written anywhere. */

const BLOCK = 512;

export interface TarSink {
  open(name: string): void;
  bytes(part: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface TarProblem {
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

export class TarEntries {
  readonly #sink: TarSink;
  #header = new Uint8Array(BLOCK);
  #have = 0;
  /** Bytes left of the file, and of the padding behind it. */
  #left = 0;
  #padding = 0;
  #regular = false;
  #name = '';
  #longName = '';
  #offset = 0;
  #ended = false;
  #entries = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  async feed(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length && !this.#ended) {
      if (this.#left > 0) {
        const part = bytes.subarray(at, at + this.#left);
        at += part.length;
        this.#left -= part.length;
        if (this.#regular) await this.#sink.bytes(part);
        else if (this.#name === '././@LongLink' && this.#longName.length < 4096) {
          this.#longName += text(part, 0, part.length);
        }
        if (this.#left === 0 && this.#regular) await this.#sink.close();
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length - at);
        at += skipped;
        this.#padding -= skipped;
      } else {
        const part = bytes.subarray(at, at + BLOCK - this.#have);
        this.#header.set(part, this.#have);
        this.#have += part.length;
        at += part.length;
        if (this.#have === BLOCK) await this.#begin();
      }
    }
    this.#offset += bytes.length;
  }

  /** Null, or what is missing. */
  end(): TarProblem | null {
    if (this.#ended || (this.#have === 0 && this.#left === 0)) return null;
    return {
      place: `byte ${this.#offset}, in ${this.#name || 'a header'}`,
      expected: this.#left > 0 ? `${this.#left} more bytes` : 'a whole header',
      found: 'the end of the archive (cut short)',
    };
  }

  async #begin(): Promise<void> {
    this.#have = 0;
    const header = this.#header;
    if (header.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    const prefix = text(header, 345, 155);
    const short = text(header, 0, 100);
    const long = this.#longName;
    this.#name = long !== '' ? long : prefix === '' ? short : `${prefix}/${short}`;
    if (this.#name !== '././@LongLink') this.#longName = '';
    const digits = text(header, 124, 12).trim();
    const size = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
    if (!Number.isSafeInteger(size)) {
      this.#ended = true;
      this.#name = `${this.#name} (damaged size)`;
      return;
    }
    const type = String.fromCharCode(header[156]!);
    this.#regular = type === '0' || type === '\0';
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (!this.#regular) return;
    this.#entries += 1;
    this.#sink.open(this.#name);
    if (size === 0) await this.#sink.close();
  }

  get entries(): number {
    return this.#entries;
  }
}

function text(bytes: Uint8Array, from: number, length: number): string {
  let out = '';
  for (let i = from; i < from + length && bytes[i] !== 0 && i < bytes.length; i += 1) {
    out += String.fromCharCode(bytes[i]!);
  }
  return out;
}
