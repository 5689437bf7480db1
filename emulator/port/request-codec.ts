// SPDX-License-Identifier: MIT
/**
 * Operations as request descriptors and back. What is encoded decodes to an equal operation; what
 * cannot be carried is refused on either side, with a code and a reason.
 */
import { type Operation, type OperationName, subjectOf } from '../../loader/session/index.ts';
import type { GuestMemory } from './guest-memory.ts';
import {
  CODE,
  type Code,
  MAX_SUBJECT_BYTES,
  MAX_TEXT_BYTES,
  OPCODE,
  OPTION,
  REQUEST,
} from './protocol.ts';

/** Which descriptor fields an opcode uses; the others must be zero. */
interface Shape {
  readonly subject: boolean;
  /** `args` is a C string, `text` may hold any character. */
  readonly text?: 'args' | 'text';
  /** Largest FLAGS value. */
  readonly flags: number;
  readonly buffer: boolean;
  readonly value: boolean;
  readonly options: number;
}

const ANY_FLAGS = 0xffffffff;
const OPEN_OPTIONS = OPTION.OPEN_READ | OPTION.OPEN_WRITE | OPTION.OPEN_BAD;
const FAULT_OPTIONS = OPTION.FAULT | OPTION.NO_FAULT;
const NOTHING: Shape = { subject: false, flags: 0, buffer: false, value: false, options: 0 };

const SHAPES: Readonly<Record<OperationName, Shape>> = {
  noop: NOTHING,
  finit_module: {
    ...NOTHING,
    subject: true,
    text: 'args',
    flags: ANY_FLAGS,
    options: OPEN_OPTIONS,
  },
  init_module: {
    ...NOTHING,
    subject: true,
    text: 'args',
    value: true,
    options: OPTION.LENGTH | FAULT_OPTIONS | OPTION.UNPACK,
  },
  delete_module: { ...NOTHING, subject: true, flags: ANY_FLAGS },
  request_module: { ...NOTHING, subject: true, flags: 1 },
  modprobe: { ...NOTHING, subject: true, text: 'args' },
  uevent: { ...NOTHING, subject: true },
  read: { ...NOTHING, subject: true, buffer: true },
  write: { ...NOTHING, subject: true, text: 'text' },
  sleep: { ...NOTHING, value: true },
  sleep_until: { ...NOTHING, value: true },
  settle: NOTHING,
  log: { ...NOTHING, text: 'text' },
  group: { ...NOTHING, flags: ANY_FLAGS },
};

/** By opcode: OPCODE counts up from 0. */
const NAMES = Object.keys(OPCODE) as readonly OperationName[];

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A descriptor without addresses: its words from OPCODE on, and the bytes of its two strings. */
export interface EncodedRequest {
  readonly opcode: number;
  readonly flags: number;
  readonly subject: Uint8Array;
  readonly text: Uint8Array;
  readonly value: number;
  readonly options: number;
}

export type EncodeResult =
  | { readonly ok: true; readonly request: EncodedRequest }
  | { readonly ok: false; readonly message: string };

/** A program's operation as the port carries it. */
export function encodeRequest(operation: Operation): EncodeResult {
  const shape = SHAPES[operation.op];
  if (shape === undefined) return refuse(operation, 'is not an operation of the port');
  const flags = flagsOf(operation);
  if (!Number.isInteger(flags) || flags < 0 || flags > shape.flags) {
    return refuse(operation, `has flags ${flags}, the port carries 0 to ${shape.flags}`);
  }
  const value = numberOf(operation);
  if (!Number.isSafeInteger(value) || value < 0) {
    return refuse(operation, `has a value of ${value}, the port carries 0 to 2^53 - 1`);
  }
  const subject = encodeString(subjectOf(operation), MAX_SUBJECT_BYTES, false);
  if (typeof subject === 'string') return refuse(operation, `has a subject ${subject}`);
  const text = encodeString(textOf(operation), MAX_TEXT_BYTES, shape.text === 'text');
  if (typeof text === 'string') return refuse(operation, `has a text ${text}`);
  const options = optionsOf(operation);
  const opcode = OPCODE[operation.op];
  return { ok: true, request: { opcode, flags, subject, text, value, options } };
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The string's bytes, or what is wrong with it. */
function encodeString(string: string, limit: number, nulAllowed: boolean): Uint8Array | string {
  if (string === '') return EMPTY;
  if (LONE_SURROGATE.test(string)) return 'that is not Unicode';
  if (!nulAllowed && string.includes('\0')) return 'with a NUL in it';
  const bytes = encoder.encode(string);
  return bytes.length <= limit ? bytes : `of ${bytes.length} bytes, the port carries ${limit}`;
}

function refuse(operation: Operation, message: string): EncodeResult {
  return { ok: false, message: `${operation.op} ${message}` };
}

function textOf(operation: Operation): string {
  switch (operation.op) {
    case 'finit_module':
    case 'init_module':
    case 'modprobe':
      return operation.args;
    case 'write':
    case 'log':
      return operation.text;
    default:
      return '';
  }
}

function flagsOf(operation: Operation): number {
  switch (operation.op) {
    case 'finit_module':
    case 'delete_module':
      return operation.flags;
    case 'request_module':
      return operation.wait ? 1 : 0;
    case 'group':
      return operation.group;
    default:
      return 0;
  }
}

function numberOf(operation: Operation): number {
  switch (operation.op) {
    case 'sleep':
      return operation.ns;
    case 'sleep_until':
      return operation.at;
    case 'init_module':
      return operation.len ?? 0;
    default:
      return 0;
  }
}

const OPEN_OPTION = {
  read: OPTION.OPEN_READ,
  write: OPTION.OPEN_WRITE,
  bad: OPTION.OPEN_BAD,
} as const;

function optionsOf(operation: Operation): number {
  if (operation.op === 'finit_module') {
    return operation.open === undefined ? 0 : OPEN_OPTION[operation.open];
  }
  if (operation.op !== 'init_module') return 0;
  return (
    (operation.len === undefined ? 0 : OPTION.LENGTH) |
    (operation.fault === undefined ? 0 : operation.fault ? OPTION.FAULT : OPTION.NO_FAULT) |
    (operation.unpack === true ? OPTION.UNPACK : 0)
  );
}

/** What a descriptor in guest memory asks for, or the code it is refused with. */
export type Decoded = Operation | Code;

const NOOP: Operation = { op: 'noop' };
const SETTLE: Operation = { op: 'settle' };

/**
 * Reads a descriptor, given as its words, with the strings it points to. Nothing outside RAM is
 * touched.
 */
export function decodeRequest(memory: GuestMemory, words: Uint32Array): Decoded {
  const name = NAMES[words[REQUEST.OPCODE / 4]!];
  if (name === undefined) return CODE.BAD_OPCODE;
  const shape = SHAPES[name];
  const flags = words[REQUEST.FLAGS / 4]!;
  const options = words[REQUEST.OPTIONS / 4]!;
  if (flags > shape.flags || (options & ~shape.options) !== 0) return CODE.BAD_FIELD;
  for (let word = REQUEST.OPTIONS / 4 + 1; word < REQUEST.SIZE / 4; word++) {
    if (words[word] !== 0) return CODE.BAD_FIELD;
  }
  const low = words[REQUEST.VALUE_LOW / 4]!;
  const high = words[REQUEST.VALUE_HIGH / 4]!;
  if (!shape.value && (low | high) !== 0) return CODE.BAD_FIELD;
  if (high > 0x1fffff) return CODE.BAD_TIME;
  const buffer = words[REQUEST.BUFFER_ADDRESS / 4]!;
  const bufferLength = words[REQUEST.BUFFER_LENGTH / 4]!;
  if (!shape.buffer && (buffer | bufferLength) !== 0) return CODE.BAD_FIELD;
  if (bufferLength !== 0 && !memory.contains(buffer, bufferLength)) return CODE.BAD_ADDRESS;
  const at = words[REQUEST.SUBJECT_ADDRESS / 4]!;
  const length = words[REQUEST.SUBJECT_LENGTH / 4]!;
  if (!shape.subject && (at | length) !== 0) return CODE.BAD_FIELD;
  const subject = readString(memory, at, length, MAX_SUBJECT_BYTES, false);
  if (typeof subject === 'number') return subject;
  const textAt = words[REQUEST.TEXT_ADDRESS / 4]!;
  const textLength = words[REQUEST.TEXT_LENGTH / 4]!;
  if (shape.text === undefined && (textAt | textLength) !== 0) return CODE.BAD_FIELD;
  const text = readString(memory, textAt, textLength, MAX_TEXT_BYTES, shape.text === 'text');
  if (typeof text === 'number') return text;
  return build(name, subject, text, flags, high * 2 ** 32 + low, options);
}

function readString(
  memory: GuestMemory,
  address: number,
  length: number,
  limit: number,
  nulAllowed: boolean,
): string | Code {
  if (length === 0) return '';
  if (length > limit) return CODE.BAD_LENGTH;
  if (!memory.contains(address, length)) return CODE.BAD_ADDRESS;
  const bytes = memory.read(address, length);
  if (!nulAllowed && bytes.includes(0)) return CODE.BAD_STRING;
  try {
    return decoder.decode(bytes);
  } catch {
    return CODE.BAD_STRING;
  }
}

function build(
  name: OperationName,
  subject: string,
  text: string,
  flags: number,
  value: number,
  options: number,
): Decoded {
  switch (name) {
    case 'noop':
      return NOOP;
    case 'settle':
      return SETTLE;
    case 'finit_module': {
      const call = { op: name, path: subject, flags, args: text };
      if (options === 0) return call;
      if (options === OPTION.OPEN_READ) return { ...call, open: 'read' };
      if (options === OPTION.OPEN_WRITE) return { ...call, open: 'write' };
      return options === OPTION.OPEN_BAD ? { ...call, open: 'bad' } : CODE.BAD_FIELD;
    }
    case 'init_module': {
      const fault = options & FAULT_OPTIONS;
      if (fault === FAULT_OPTIONS) return CODE.BAD_FIELD;
      const given = (options & OPTION.LENGTH) !== 0;
      if (!given && value !== 0) return CODE.BAD_FIELD;
      return {
        op: name,
        path: subject,
        args: text,
        ...(given ? { len: value } : {}),
        ...(fault !== 0 ? { fault: fault === OPTION.FAULT } : {}),
        ...((options & OPTION.UNPACK) === 0 ? {} : { unpack: true }),
      };
    }
    case 'delete_module':
      return { op: name, name: subject, flags };
    case 'request_module':
      return { op: name, name: subject, wait: flags === 1 };
    case 'modprobe':
      return { op: name, name: subject, args: text };
    case 'uevent':
      return { op: name, modalias: subject };
    case 'read':
      return { op: name, path: subject };
    case 'write':
      return { op: name, path: subject, text };
    case 'sleep':
      return { op: name, ns: value };
    case 'sleep_until':
      return { op: name, at: value };
    case 'log':
      return { op: name, text };
    case 'group':
      return { op: name, group: flags };
  }
}
