// SPDX-License-Identifier: MIT
/**
 * The event file, `events.jsonl`: one event a line, the same event always the same bytes. Keys
 * stand in a fixed order: seq, t (ns), cpu, task, kind, then those of the kind (`event-fields.ts`).
 * Addresses are whole, as hexadecimal strings, so that 64-bit ones survive any JSON reader.
 */
import { type AddressBase, formatHex, readAddress } from '../base/index.ts';
import {
  EVENT_FIELDS,
  EVENT_KINDS,
  type EventField,
  type EventSink,
  type TraceEvent,
  WASTED_KEYS,
  type WastedBytes,
} from '../events/index.ts';
import { LineSplitter } from './line-splitter.ts';

/** What views of a run keep of these fits 32 and 16 bits. */
const MAX_SEQ = 2 ** 32 - 2;
const MAX_CPU = 2 ** 16 - 1;

type Fields = Record<string, unknown>;

/** One event as a line of JSON, without the line's end. */
export function formatEventLine(space: AddressBase, event: TraceEvent): string {
  let line = `{"seq":${event.seq},"t":${event.t},"cpu":${event.cpu},"task":${quote(event.task)}`;
  line += `,"kind":"${event.kind}"`;
  for (const field of EVENT_FIELDS.get(event.kind)!) {
    line += `,"${field.name}":${format(space, field, (event as unknown as Fields)[field.name])}`;
  }
  return `${line}}`;
}

function format(space: AddressBase, field: EventField, value: unknown): string {
  switch (field.type) {
    case 'int':
    case 'bit':
    case 'flag':
      return String(value);
    case 'addr':
      return `"${formatHex(space, value as number)}"`;
    case 'word':
      return `"${value}"`;
    case 'text':
      return quote(value as string);
    case 'wasted': {
      const wasted = value as WastedBytes;
      return `{${WASTED_KEYS.map((key) => `"${key}":${wasted[key]}`).join(',')}}`;
    }
  }
}

const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Writes events as lines, in pieces of some 64 KiB; `end` writes the rest. */
export class EventLineWriter implements EventSink {
  readonly #space: AddressBase;
  readonly #write: (chunk: string) => void;
  #pending = '';

  constructor(space: AddressBase, write: (chunk: string) => void) {
    this.#space = space;
    this.#write = write;
  }

  push(event: TraceEvent): void {
    this.#pending += `${formatEventLine(this.#space, event)}\n`;
    if (this.#pending.length >= 65_536) this.end();
  }

  end(): void {
    if (this.#pending !== '') this.#write(this.#pending);
    this.#pending = '';
  }
}

export type ParsedEvent =
  | { readonly ok: true; readonly event: TraceEvent }
  | { readonly ok: false; readonly message: string };

/** The event of one line; `number` is its line number for the message. */
export function parseEventLine(space: AddressBase, line: string, number: number): ParsedEvent {
  const found = parseObject(line);
  const event = typeof found === 'string' ? found : readEvent(space, found);
  if (typeof event !== 'string') return { ok: true, event };
  return { ok: false, message: `line ${number}: ${event}` };
}

function parseObject(line: string): Fields | string {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Fields;
    }
  } catch {
    // Said below.
  }
  return `expected one JSON object, found ${show(line)}`;
}

function readEvent(space: AddressBase, found: Fields): TraceEvent | string {
  const kind = EVENT_KINDS.find((known) => known === found.kind);
  if (kind === undefined) return `"kind": expected a kind of event, found ${show(found.kind)}`;
  const event: Fields = {};
  const { seq, t, cpu, task } = found;
  if (!isCount(seq, MAX_SEQ)) return mismatch('seq', `a whole number from 0 to ${MAX_SEQ}`, seq);
  if (typeof t !== 'number' || !(t >= 0)) return mismatch('t', 'nanoseconds from 0', t);
  if (!isCount(cpu, MAX_CPU)) return mismatch('cpu', `a whole number from 0 to ${MAX_CPU}`, cpu);
  if (typeof task !== 'string') return mismatch('task', 'a string', task);
  Object.assign(event, { seq, t, cpu, task, kind });
  const fields = EVENT_FIELDS.get(kind)!;
  for (const field of fields) {
    const value = found[field.name];
    const read = readField(space, field, value);
    if (read === undefined) return mismatch(field.name, expectation(field), value);
    event[field.name] = read;
  }
  const extra = Object.keys(found).find((key) => !Object.hasOwn(event, key));
  if (extra !== undefined) return `unexpected key "${extra}" in an event of kind ${kind}`;
  return event as unknown as TraceEvent;
}

function isCount(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function readField(space: AddressBase, field: EventField, value: unknown): unknown {
  switch (field.type) {
    case 'int':
      return Number.isSafeInteger(value) ? value : undefined;
    case 'bit':
      return value === 0 || value === 1 ? value : undefined;
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'word':
      return field.words.includes(value as string) ? value : undefined;
    case 'addr':
      if (typeof value !== 'string' || !value.startsWith('0x')) return undefined;
      return readAddress(space, value);
    case 'wasted': {
      if (typeof value !== 'object' || value === null) return undefined;
      const wasted = value as Fields;
      if (Object.keys(wasted).length !== WASTED_KEYS.length) return undefined;
      if (!WASTED_KEYS.every((key) => Number.isSafeInteger(wasted[key]))) return undefined;
      const [kread, decompress, becoming, load] = WASTED_KEYS.map((key) => wasted[key]);
      return { kread, decompress, becoming, load };
    }
  }
}

function expectation(field: EventField): string {
  switch (field.type) {
    case 'int':
      return 'a whole number';
    case 'bit':
      return '0 or 1';
    case 'flag':
      return 'true or false';
    case 'text':
      return 'a string';
    case 'word':
      return `one of ${field.words.join(', ')}`;
    case 'addr':
      return 'an address of this address space as "0x…"';
    case 'wasted':
      return `an object of the byte counts ${WASTED_KEYS.join(', ')}`;
  }
}

function mismatch(key: string, expected: string, found: unknown): string {
  return `"${key}": expected ${expected}, found ${found === undefined ? 'nothing' : show(found)}`;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : String(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Reads an event file piece by piece and hands its events on; blank lines are skipped. */
export class EventLineReader {
  readonly #space: AddressBase;
  readonly #sink: EventSink;
  readonly #lines = new LineSplitter();
  #seq = -1;
  #t = 0;
  #problem: string | null = null;

  constructor(space: AddressBase, sink: EventSink) {
    this.#space = space;
    this.#sink = sink;
  }

  /** Takes the next piece. Null, or what is wrong with the file; nothing is read after that. */
  feed(chunk: string): string | null {
    if (this.#problem === null) this.#lines.feed(chunk, (line, n) => this.#line(line, n));
    return this.#problem;
  }

  /** Takes a last line without an end. */
  end(): string | null {
    if (this.#problem === null) this.#lines.end((line, n) => this.#line(line, n));
    return this.#problem;
  }

  #line(line: string, number: number): boolean {
    if (line.trim() === '') return true;
    const parsed = parseEventLine(this.#space, line, number);
    if (!parsed.ok) return this.#fail(parsed.message);
    const { event } = parsed;
    if (event.seq <= this.#seq) {
      return this.#fail(`line ${number}: "seq": expected above ${this.#seq}, found ${event.seq}`);
    }
    if (event.t < this.#t) {
      return this.#fail(`line ${number}: "t": expected ${this.#t} or later, found ${event.t}`);
    }
    this.#seq = event.seq;
    this.#t = event.t;
    this.#sink.push(event);
    return true;
  }

  #fail(message: string): false {
    this.#problem = message;
    return false;
  }
}
