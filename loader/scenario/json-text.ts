// SPDX-License-Identifier: MIT
/** JSON as people save it: its encoding undone, and the first error by line and column. */

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      /** Both from 1; the column counts UTF-16 units. */
      readonly line: number;
      readonly column: number;
      readonly expected: string;
      readonly found: string;
    };

/** Text of UTF-8 or UTF-16 with a byte-order mark, or plain UTF-8; undefined when it is neither. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const [a, b] = bytes;
  const encoding =
    a === 0xff && b === 0xfe
      ? 'utf-16le'
      : a === 0xfe && b === 0xff
        ? 'utf-16be'
        : a !== undefined && b === 0 && a !== 0
          ? 'utf-16le'
          : a === 0 && b !== undefined && b !== 0
            ? 'utf-16be'
            : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The value of a JSON text. A byte-order mark before it is passed over. */
export function parseJsonText(text: string): JsonResult {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  try {
    return { ok: true, value: JSON.parse(body) };
  } catch {
    const { at, expected } = new Finder(body).first();
    const before = body.slice(0, at).split(/\r\n|\n|\r/);
    return {
      ok: false,
      line: before.length,
      column: before.at(-1)!.length + 1,
      expected,
      found: foundAt(body, at),
    };
  }
}

function foundAt(body: string, at: number): string {
  if (at >= body.length) return 'the end of the text';
  if (body.startsWith('//', at) || body.startsWith('/*', at) || body[at] === '#') {
    return 'a comment, which JSON does not have';
  }
  if (body[at] === "'") return 'a \', where JSON has "';
  const word = /^[\w.+-]+/.exec(body.slice(at, at + 40))?.[0];
  if (word !== undefined) return JSON.stringify(word);
  const code = body.codePointAt(at)!;
  const shown = String.fromCodePoint(code);
  return code < 0x20 || code === 0x7f ? `the control character ${code}` : JSON.stringify(shown);
}

interface Spot {
  readonly at: number;
  readonly expected: string;
}

class Stop extends Error {
  readonly spot: Spot;

  constructor(spot: Spot) {
    super(spot.expected);
    this.spot = spot;
  }
}

/** Walks a text that is not JSON until it sees why (RFC 8259). */
class Finder {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  first(): Spot {
    try {
      this.#value('a value');
      this.#space();
      return { at: this.#at, expected: 'the end of the document' };
    } catch (error) {
      if (error instanceof Stop) return error.spot;
      return { at: this.#at, expected: 'JSON that is less deeply nested' };
    }
  }

  #value(expected: string): void {
    this.#space();
    const char = this.#text[this.#at];
    if (char === '{') this.#list('}', () => this.#member());
    else if (char === '[') this.#list(']', () => this.#value('a value'));
    else if (char === '"') this.#string('a string');
    else {
      const rest = this.#text.slice(this.#at, this.#at + 400);
      const token =
        /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/.exec(rest);
      if (token === null) throw new Stop({ at: this.#at, expected });
      this.#at += token[0].length;
    }
  }

  #list(end: string, item: () => void): void {
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      item();
      this.#space();
      const char = this.#text[this.#at];
      if (char === end) break;
      if (char !== ',') throw new Stop({ at: this.#at, expected: `, or ${end}` });
      this.#at += 1;
    }
    this.#at += 1;
  }

  #member(): void {
    this.#space();
    this.#string('a key in quotation marks');
    this.#space();
    if (this.#text[this.#at] !== ':') throw new Stop({ at: this.#at, expected: ':' });
    this.#at += 1;
    this.#value('a value');
  }

  #string(expected: string): void {
    if (this.#text[this.#at] !== '"') throw new Stop({ at: this.#at, expected });
    this.#at += 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '"') break;
      if (char === undefined || char < ' ') {
        throw new Stop({ at: this.#at, expected: 'the end of a string' });
      }
      if (char === '\\') {
        const sequence = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(
          this.#text.slice(this.#at, this.#at + 6),
        );
        if (sequence === null) throw new Stop({ at: this.#at, expected: 'an escape such as \\n' });
        this.#at += sequence[0].length;
      } else this.#at += 1;
    }
    this.#at += 1;
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }
}
