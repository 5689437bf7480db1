// SPDX-License-Identifier: MIT
// Takes the bytes of the guest's serial line apart: checksummed records of our init, and
// everything else, which is console text (guest-images/linux/PROTOCOL.md, "Records").

import { unescapeKmsg, unescapeText } from './console-escapes.ts';

/** A line of the kernel's log, as /dev/kmsg has it. Text is one byte per character. */
export interface KmsgRecord {
  readonly seq: number;
  /** Microseconds of the kernel's log clock. */
  readonly timeUs: number;
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** Task (`T` and thread id) or CPU (`C` and number, in interrupts) that printed it. */
  readonly caller: string;
  readonly text: string;
}

export type ConsoleRecord =
  | {
      readonly kind: 'hello';
      readonly version: number;
      readonly ops: number;
      readonly release: string;
      readonly build: string;
    }
  | { readonly kind: 'begin'; readonly line: number; readonly pid: number }
  | ({ readonly kind: 'kmsg' } & KmsgRecord)
  | { readonly kind: 'data' | 'trace'; readonly line: number; readonly text: string }
  | {
      readonly kind: 'result';
      readonly line: number;
      readonly pid: number;
      readonly ret: number;
      readonly startUs: number;
      readonly endUs: number;
      /** Log sequence numbers met during the operation: [logFirst, logEnd), -1 and -1 when none. */
      readonly logFirst: number;
      readonly logEnd: number;
      readonly stage: string;
    }
  | {
      readonly kind: 'child-ended';
      readonly name: string;
      readonly pid: number;
      readonly status: number;
    }
  | {
      readonly kind: 'modprobe';
      readonly phase: 'begin' | 'end';
      readonly pid: number;
      readonly timeUs: number;
      readonly exitCode: number;
      readonly name: string;
      readonly loads: string;
    }
  | { readonly kind: 'done'; readonly ops: number };

export interface ConsoleSink {
  record(record: ConsoleRecord): void;
  /** Text that is no record, without the end of line. `damaged`: it looked like one. */
  text(line: string, damaged: boolean): void;
}

/** A line without an end is given out in pieces of this size. */
const LINE_LIMIT = 1 << 16;
const NEWLINE = 0x0a;

export class ConsoleParser {
  readonly #mark: string;
  readonly #sink: ConsoleSink;
  #line = '';

  /** `nonce` as given to {@link encodeOps}: nothing the kernel prints can start with it. */
  constructor(nonce: string, sink: ConsoleSink) {
    this.#mark = `@${nonce} `;
    this.#sink = sink;
  }

  byte(byte: number): void {
    if (byte === NEWLINE) this.#flush();
    else {
      this.#line += String.fromCharCode(byte);
      if (this.#line.length >= LINE_LIMIT) this.#flush();
    }
  }

  /** The unfinished line, if any, as console text. */
  end(): void {
    if (this.#line !== '') this.#flush();
  }

  #flush(): void {
    const line = this.#line;
    this.#line = '';
    // The kernel's own console may have been in the middle of a line.
    const at = line.lastIndexOf(this.#mark);
    const record = at < 0 ? null : parseRecord(line.slice(at), this.#mark.length);
    if (record === null) {
      this.#sink.text(line.replace(/\r$/, ''), at >= 0);
      return;
    }
    if (at > 0) this.#sink.text(line.slice(0, at), false);
    this.#sink.record(record);
  }
}

/** Fletcher's sum modulo 255 over the characters of `text`. */
function checksum(text: string): string {
  let a = 0;
  let b = 0;
  for (let i = 0; i < text.length; i++) {
    a = (a + text.charCodeAt(i)) % 255;
    b = (b + a) % 255;
  }
  return ((b << 8) | a).toString(16).padStart(4, '0');
}

function parseRecord(line: string, markLength: number): ConsoleRecord | null {
  const end = line.length - 5;
  if (end < markLength || line[end] !== '^') return null;
  if (line.slice(end + 1) !== checksum(line.slice(0, end))) return null;
  const body = line.slice(markLength, end);
  const bar = body.indexOf(' |');
  const text = bar < 0 ? '' : unescapeText(body.slice(bar + 2));
  const words = new Words((bar < 0 ? body : body.slice(0, bar)).split(' '));
  if (text === null) return null;
  const record = recordOf(words.string(), words, text);
  return words.ok ? record : null;
}

/** Words of a record in order; `ok` turns false at the first one that is missing or malformed. */
class Words {
  ok = true;
  readonly #words: readonly string[];
  #next = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  string(): string {
    const value = unescapeText(this.#words[this.#next++] ?? '\\');
    if (value === null) this.ok = false;
    return value ?? '';
  }

  number(): number {
    const word = this.#words[this.#next++] ?? '';
    if (!/^-?\d{1,16}$/.test(word)) this.ok = false;
    return Number(word);
  }
}

function recordOf(type: string, words: Words, text: string): ConsoleRecord | null {
  switch (type) {
    case 'H':
      return {
        kind: 'hello',
        version: words.number(),
        ops: words.number(),
        release: words.string(),
        build: text,
      };
    case 'B':
      return { kind: 'begin', line: words.number(), pid: words.number() };
    case 'K':
      return {
        kind: 'kmsg',
        seq: words.number(),
        timeUs: words.number(),
        level: words.number() & 7,
        caller: words.string(),
        text: unescapeKmsg(text),
      };
    case 'D':
      return { kind: 'data', line: words.number(), text };
    case 'T':
      return { kind: 'trace', line: words.number(), text };
    case 'R':
      return {
        kind: 'result',
        line: words.number(),
        pid: words.number(),
        ret: words.number(),
        startUs: words.number(),
        endUs: words.number(),
        logFirst: words.number(),
        logEnd: words.number(),
        stage: words.string(),
      };
    case 'E':
      return {
        kind: 'child-ended',
        name: words.string(),
        pid: words.number(),
        status: words.number(),
      };
    case 'M':
      return {
        kind: 'modprobe',
        phase: words.string() === 'b' ? 'begin' : 'end',
        pid: words.number(),
        timeUs: words.number(),
        exitCode: words.number(),
        name: words.string(),
        loads: text,
      };
    case 'Z':
      return { kind: 'done', ops: words.number() };
    default:
      return null;
  }
}
