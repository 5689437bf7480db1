// SPDX-License-Identifier: MIT
/** One transaction of a guest's process: a message in, an answer out, word by word. */
import { MAX_SUBJECT_BYTES, MAX_TEXT_BYTES } from './protocol.ts';
import { keyMask, MESSAGE, WINDOW_STATE } from './user-protocol.ts';

const HEADER_BYTES = MESSAGE.STRINGS;
const MOST_BYTES = HEADER_BYTES - 8 + MAX_SUBJECT_BYTES + MAX_TEXT_BYTES + 4;

/** A message that was whole. */
export interface UserMessage {
  readonly operation: number;
  readonly flags: number;
  /** Microseconds, modulo 2^32. */
  readonly stamp: number;
  readonly pid: number;
  readonly subject: Uint8Array;
  readonly text: Uint8Array;
}

/** FNV-1a over bytes, from a start value. */
function fnv1aFrom(start: number, bytes: Uint8Array): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export class UserWindow {
  readonly key: number;
  /** Guest time at which its process last gave a sign of life, nanoseconds. */
  seen: number;
  state: number = WINDOW_STATE.OPEN;
  /** The number the host gave its request. */
  request: number | undefined;
  #words: number[] = [];
  #expected = 0;
  #answer = new Uint32Array(0);
  #read = 0;
  #firstOfPoll: number | undefined;

  constructor(key: number, seen: number) {
    this.key = key;
    this.seen = seen;
  }

  /** Takes a word; the message, when it was the last one. A damaged one ends the window's use. */
  put(word: number): UserMessage | undefined {
    if (this.state !== WINDOW_STATE.OPEN) return undefined;
    const words = this.#words;
    words.push(word >>> 0);
    if (words.length === 1) {
      const length = word >>> 0;
      if (length < HEADER_BYTES - 8 || length > MOST_BYTES || length % 4 !== 0) this.#damaged();
      else this.#expected = length / 4 + 2;
      return undefined;
    }
    if (words.length < this.#expected) return undefined;
    return this.#whole() ?? this.#damaged();
  }

  /** A half of a poll: the stamp, when it was the second and both agree. */
  poll(word: number): number | undefined {
    const first = this.#firstOfPoll;
    if (first === undefined) {
      this.#firstOfPoll = word >>> 0;
      return undefined;
    }
    this.#firstOfPoll = undefined;
    return (first ^ keyMask(this.key)) >>> 0 === word >>> 0 ? first : undefined;
  }

  answer(value: number, bytes: Uint8Array): void {
    const padded = new Uint8Array(8 + ((bytes.length + 3) & ~3));
    padded.set(bytes, 8);
    this.#answer = new Uint32Array(padded.buffer);
    this.#answer[0] = value;
    this.#answer[1] = bytes.length;
    this.#read = 0;
    this.state = WINDOW_STATE.READY;
  }

  get(): number {
    if (this.state !== WINDOW_STATE.READY) return 0xffffffff;
    return this.#answer[this.#read++] ?? 0;
  }

  #damaged(): undefined {
    this.state = WINDOW_STATE.DAMAGED;
    this.#words = [];
  }

  #whole(): UserMessage | undefined {
    const words = Uint32Array.from(this.#words);
    const bytes = new Uint8Array(words.buffer);
    const at = (offset: number): number => words[offset / 4]!;
    if (fnv1aFrom(keyMask(this.key), bytes.subarray(8)) !== at(MESSAGE.SUM)) return undefined;
    const subjectLength = at(MESSAGE.SUBJECT_LENGTH);
    const textLength = at(MESSAGE.TEXT_LENGTH);
    if (subjectLength > MAX_SUBJECT_BYTES || textLength > MAX_TEXT_BYTES) return undefined;
    const textAt = HEADER_BYTES + subjectLength;
    if (((textAt + textLength + 3) & ~3) !== bytes.length) return undefined;
    this.#words = [];
    this.state = WINDOW_STATE.WAITING;
    return {
      operation: at(MESSAGE.OPERATION),
      flags: at(MESSAGE.FLAGS),
      stamp: at(MESSAGE.STAMP),
      pid: at(MESSAGE.PID),
      subject: bytes.slice(HEADER_BYTES, textAt),
      text: bytes.slice(textAt, textAt + textLength),
    };
  }
}
