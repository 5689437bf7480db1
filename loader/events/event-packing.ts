// SPDX-License-Identifier: MIT
/**
 * Events as bytes: small numbers take one byte, addresses are differences from the last one of
 * their field, strings are numbers into a table of the block. Used to hold events in memory; the
 * bytes are no file format.
 */
import type { TraceEvent, WastedBytes } from './event.ts';
import { EVENT_FIELDS, EVENT_KINDS, type EventField, WASTED_KEYS } from './event-fields.ts';

/** Bits of an event's first byte, above the five of its kind. */
const SAME_TIME = 0x20;
const SAME_TASK = 0x40;
const NEXT_SEQ = 0x80;
const KIND_MASK = 0x1f;

/** Larger numbers are written as eight bytes. */
const VARINT_MAX = 2 ** 51;
/** Room that one number may need: a varint, or the escape and a float. */
const NUMBER_BYTES = 10;
/** Numbers in one event at most, stamp included. */
const EVENT_NUMBERS = 16;

/** Some consecutive events. */
export interface PackedBlock {
  readonly bytes: Uint8Array;
  readonly strings: readonly string[];
  readonly count: number;
  readonly firstSeq: number;
  readonly firstT: number;
}

interface PackedField extends EventField {
  readonly codes: ReadonlyMap<string, number>;
  /** Where the last address of this field is kept, or -1. */
  readonly slot: number;
}

let slots = 0;
const PACKED_KINDS: readonly (readonly PackedField[])[] = EVENT_KINDS.map((kind) =>
  EVENT_FIELDS.get(kind)!.map((field) => ({
    ...field,
    codes: new Map(field.words.map((word, code) => [word, code])),
    slot: field.type === 'addr' ? slots++ : -1,
  })),
);
const SLOTS = slots;
const KIND_CODES: ReadonlyMap<string, number> = new Map(EVENT_KINDS.map((kind, i) => [kind, i]));

type Fields = Record<string, unknown>;

/** Packs events into one block after another; `take` ends a block. */
export class EventPacker {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #count = 0;
  #ids = new Map<string, number>();
  #strings: string[] = [];
  readonly #last = new Float64Array(SLOTS);
  #first: TraceEvent | undefined;
  #seq = 0;
  #t = 0;
  #cpu = -1;
  #task = '';

  get count(): number {
    return this.#count;
  }

  push(event: TraceEvent): void {
    if (this.#first === undefined) {
      this.#first = event;
      this.#seq = event.seq - 1;
      this.#t = event.t;
      this.#last.fill(0);
    }
    const code = KIND_CODES.get(event.kind);
    if (code === undefined) throw new Error(`unknown kind of event "${event.kind}"`);
    this.#reserve(EVENT_NUMBERS * NUMBER_BYTES);
    const sameTime = event.t === this.#t;
    const sameTask = event.cpu === this.#cpu && event.task === this.#task;
    const nextSeq = event.seq === this.#seq + 1;
    this.#bytes[this.#length++] =
      code | (sameTime ? SAME_TIME : 0) | (sameTask ? SAME_TASK : 0) | (nextSeq ? NEXT_SEQ : 0);
    if (!nextSeq) this.#number(event.seq);
    if (!sameTime) this.#relative(event.t, this.#t);
    if (!sameTask) {
      this.#number(event.cpu);
      this.#text(event.task);
      this.#cpu = event.cpu;
      this.#task = event.task;
    }
    this.#seq = event.seq;
    this.#t = event.t;
    const fields = PACKED_KINDS[code]!;
    for (let i = 0; i < fields.length; i += 1) {
      const field = fields[i]!;
      this.#field(field, (event as unknown as Fields)[field.name]);
    }
    this.#count += 1;
  }

  /** The events of the block so far, without a copy; what comes later does not change it. */
  view(): PackedBlock {
    return {
      bytes: this.#bytes.subarray(0, this.#length),
      strings: this.#strings,
      count: this.#count,
      firstSeq: this.#first?.seq ?? 0,
      firstT: this.#first?.t ?? 0,
    };
  }

  /** Ends the block and begins the next one. */
  take(): PackedBlock {
    const block = { ...this.view(), bytes: this.#bytes.slice(0, this.#length) };
    this.#length = 0;
    this.#count = 0;
    this.#ids = new Map();
    this.#strings = [];
    this.#first = undefined;
    this.#cpu = -1;
    this.#task = '';
    return block;
  }

  #field(field: PackedField, value: unknown): void {
    switch (field.type) {
      case 'int':
      case 'bit':
        this.#number(value as number);
        return;
      case 'addr':
        this.#address(field.slot, value as number);
        return;
      case 'text':
        this.#text(value as string);
        return;
      case 'word':
        this.#number(field.codes.get(value as string)!);
        return;
      case 'flag':
        this.#number(value === true ? 1 : 0);
        return;
      case 'wasted':
        for (const key of WASTED_KEYS) this.#number((value as WastedBytes)[key]);
    }
  }

  #address(slot: number, value: number): void {
    if (this.#relative(value, this.#last[slot]!)) this.#last[slot] = value;
  }

  /** Writes how far `value` is from `base`, or `value` itself when that would not be exact. */
  #relative(value: number, base: number): boolean {
    const exact = Number.isSafeInteger(value) && Number.isInteger(base);
    const delta = value - base;
    if (exact && delta <= VARINT_MAX && delta >= -VARINT_MAX) {
      this.#number(delta);
      return true;
    }
    this.#escape(value);
    return false;
  }

  #text(text: string): void {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#strings.length;
      this.#strings.push(text);
      this.#ids.set(text, id);
    }
    this.#number(id);
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value > VARINT_MAX || value < -VARINT_MAX) {
      this.#escape(value);
      return;
    }
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest >= 0x1000_0000) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Eight bytes after a mark no varint can be: one never ends in a zero byte. */
  #escape(value: number): void {
    this.#bytes[this.#length++] = 0x80;
    this.#bytes[this.#length++] = 0;
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Calls `visit` with the events of a block in order, until it returns false. */
export function unpackEvents(block: PackedBlock, visit: (event: TraceEvent) => unknown): void {
  const { bytes, strings, count } = block;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = new Float64Array(SLOTS);
  let at = 0;
  let seq = block.firstSeq - 1;
  let t = block.firstT;
  let cpu = 0;
  let task = '';
  let escaped = false;

  const number = (): number => {
    escaped = false;
    let byte = bytes[at++]!;
    if (byte < 0x80) return (byte & 1) === 0 ? byte >> 1 : -((byte + 1) >> 1);
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    if (byte === 0) {
      escaped = true;
      at += 8;
      return view.getFloat64(at - 8);
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };

  const relative = (base: number): number => {
    const value = number();
    return escaped ? value : base + value;
  };

  const fieldValue = (field: PackedField): unknown => {
    switch (field.type) {
      case 'int':
      case 'bit':
        return number();
      case 'addr': {
        const value = relative(last[field.slot]!);
        if (!escaped) last[field.slot] = value;
        return value;
      }
      case 'text':
        return strings[number()]!;
      case 'word':
        return field.words[number()]!;
      case 'flag':
        return number() === 1;
      case 'wasted':
        return { kread: number(), decompress: number(), becoming: number(), load: number() };
    }
  };

  for (let i = 0; i < count; i += 1) {
    const head = bytes[at++]!;
    const code = head & KIND_MASK;
    seq = (head & NEXT_SEQ) !== 0 ? seq + 1 : number();
    if ((head & SAME_TIME) === 0) t = relative(t);
    if ((head & SAME_TASK) === 0) {
      cpu = number();
      task = strings[number()]!;
    }
    const event: Fields = { seq, t, cpu, task, kind: EVENT_KINDS[code]! };
    for (const field of PACKED_KINDS[code]!) event[field.name] = fieldValue(field);
    if (visit(event as unknown as TraceEvent) === false) return;
  }
}
