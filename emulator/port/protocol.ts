// SPDX-License-Identifier: MIT
/**
 * The module port, version 1: the one definition of its registers, codes and memory layouts. The
 * guest's assembler constants are generated from this file; PROTOCOL.md says the same in prose.
 *
 * Everything is little-endian. Offsets and sizes are in bytes.
 */
import type { OperationName } from '../../loader/session/index.ts';

export const PROTOCOL_VERSION = 1;

/** First I/O port; v86's own devices leave 0x5a0–0x5df alone. */
export const PORT_BASE = 0x5a0;
export const PORT_SIZE = 0x40;

/** "MODS" in memory order. */
export const PORT_MAGIC = 0x53444f4d;

/** The line the port raises: on a PC the old coprocessor error, which v86 never raises. */
export const PORT_IRQ = 13;

/** Registers, by offset from the base. All are 32 bits wide and nothing else. */
export const REGISTER = {
  /** r: PORT_MAGIC. */
  MAGIC: 0x00,
  /** r: PROTOCOL_VERSION. */
  VERSION: 0x04,
  /** r: FEATURE bits. */
  FEATURES: 0x08,
  /** r: number of contexts (simulated CPUs). */
  CONTEXTS: 0x0c,
  /** r: bytes of guest memory the port can reach. */
  MEMORY: 0x10,
  /** r: interrupt line. */
  IRQ_LINE: 0x14,
  /** rw while disabled: physical address of the request ring, 64-byte aligned. */
  REQUEST_RING: 0x18,
  /** rw while disabled: physical address of the completion ring, 64-byte aligned. */
  COMPLETION_RING: 0x1c,
  /** rw while disabled: both rings have 1 << RING_ORDER entries. */
  RING_ORDER: 0x20,
  /** w: CONTROL value; r: 1 when enabled. */
  CONTROL: 0x24,
  /** w: the doorbell, the guest's new request tail; r: requests taken. */
  REQUEST_TAIL: 0x28,
  /** w: completions the guest has taken; r: completions the port has written. */
  COMPLETION_HEAD: 0x2c,
  /** r: pending IRQ bits; w: bits to acknowledge. */
  IRQ_STATUS: 0x30,
  /** w: physical address of a command block to carry out; r: status of the last one. */
  COMMAND: 0x34,
  /** r: CODE of the last misuse, 0 when none; w: clears it. */
  ERROR: 0x38,
  /** r: number of misuses so far. */
  ERROR_COUNT: 0x3c,
} as const;

export const CONTROL = { DISABLE: 0, ENABLE: 1 } as const;

export const FEATURE = {
  /** FETCH gives each context its program. */
  PROGRAM: 1 << 0,
  /** ADVANCE_TIME and NOW. */
  TIME: 1 << 1,
  /** read, write and COPY of virtual files. */
  FILES: 1 << 2,
} as const;
export const FEATURES = FEATURE.PROGRAM | FEATURE.TIME | FEATURE.FILES;

export const IRQ = {
  /** The completion ring has entries the guest has not taken. */
  COMPLETION: 1 << 0,
  /** IDLE found nothing that can still complete. */
  NOTHING: 1 << 1,
} as const;

/** Most entries a ring may have: 1 << 13, the most CPUs a Linux kernel can be built for. */
export const MAX_RING_ORDER = 13;

/** Request opcodes: the operations of loader/session/operation.ts, numbered. */
export const OPCODE = {
  noop: 0,
  finit_module: 1,
  init_module: 2,
  delete_module: 3,
  request_module: 4,
  modprobe: 5,
  uevent: 6,
  read: 7,
  write: 8,
  sleep: 9,
  sleep_until: 10,
  settle: 11,
  log: 12,
  group: 13,
} as const satisfies Record<OperationName, number>;

/** A request descriptor, one ring entry. Fields an opcode does not use must be zero. */
export const REQUEST = {
  OPCODE: 0x00,
  CONTEXT: 0x04,
  /** The guest's own number for the request; it comes back in the completion. */
  TAG: 0x08,
  /** Module flags (finit_module, delete_module), wait (request_module), group number (group). */
  FLAGS: 0x0c,
  /** The subject: path, name or modalias. */
  SUBJECT_ADDRESS: 0x10,
  SUBJECT_LENGTH: 0x14,
  /** Arguments (finit_module, init_module, modprobe) or text (write, log). */
  TEXT_ADDRESS: 0x18,
  TEXT_LENGTH: 0x1c,
  /** Where a read puts what it read; length 0 to leave it with the host. */
  BUFFER_ADDRESS: 0x20,
  BUFFER_LENGTH: 0x24,
  /** 64-bit value: nanoseconds (sleep, sleep_until), length passed (init_module). */
  VALUE_LOW: 0x28,
  VALUE_HIGH: 0x2c,
  /** OPTION bits. */
  OPTIONS: 0x30,
  SIZE: 0x40,
} as const;

export const OPTION = {
  /** finit_module: how the file is opened is given. */
  OPEN_READ: 1 << 0,
  OPEN_WRITE: 1 << 1,
  OPEN_BAD: 1 << 2,
  /** init_module: VALUE is the length passed. */
  LENGTH: 1 << 3,
  /** init_module: whether the pointer can be read is given. */
  FAULT: 1 << 4,
  NO_FAULT: 1 << 5,
  /** init_module: the program unpacks a compressed file before it calls. */
  UNPACK: 1 << 6,
} as const;

/** A completion, one ring entry. */
export const COMPLETION = {
  CONTEXT: 0x00,
  TAG: 0x04,
  /** Signed: the call's value, or the negative errno that goes with STATUS. */
  RETURN: 0x08,
  /** CODE: OK, or why the port refused the request before the kernel saw it. */
  STATUS: 0x0c,
  /** Bytes put into the request's buffer. */
  LENGTH: 0x10,
  /** Bytes there were to read; the rest comes by COPY. */
  TOTAL: 0x14,
  /** Virtual time, nanoseconds. */
  NOW_LOW: 0x18,
  NOW_HIGH: 0x1c,
  SIZE: 0x20,
} as const;

/** A command block: written by the guest, answered in place before the `out` returns. */
export const COMMAND_BLOCK = {
  COMMAND: 0x00,
  /** CODE, written by the port. */
  STATUS: 0x04,
  CONTEXT: 0x08,
  ADDRESS: 0x0c,
  STRINGS: 0x10,
  LENGTH: 0x14,
  LOW: 0x18,
  HIGH: 0x1c,
  SIZE: 0x20,
} as const;

export const COMMAND = {
  /**
   * The next record of CONTEXT's program: a descriptor at ADDRESS, its strings at STRINGS (room
   * for LENGTH bytes). LOW: bytes of strings. NO_MORE when the program has ended.
   */
  FETCH: 1,
  /** Lets virtual time pass until a completion is written. LOW: completions not taken. */
  IDLE: 2,
  /** Lets HIGH:LOW nanoseconds of virtual time pass. */
  ADVANCE_TIME: 3,
  /** HIGH:LOW: virtual time in nanoseconds. */
  NOW: 4,
  /**
   * More of the text of CONTEXT's last truncated read: from offset LOW, to ADDRESS, at most LENGTH
   * bytes. LOW: bytes copied; HIGH: the text's whole length.
   */
  COPY: 5,
  /** The guest has finished; LOW: its exit status. */
  DONE: 6,
} as const;

/** Results, refusals and misuses: STATUS of completions and commands, and the ERROR register. */
export const CODE = {
  OK: 0,
  /** FETCH: the program has ended. IDLE: nothing can complete. Not a misuse. */
  NO_MORE: 1,
  BAD_REGISTER: 2,
  BAD_WIDTH: 3,
  BAD_RING_ADDRESS: 4,
  BAD_RING_ORDER: 5,
  NOT_ENABLED: 6,
  ENABLED: 7,
  BAD_DOORBELL: 8,
  RING_FULL: 9,
  BAD_COMPLETION_HEAD: 10,
  BAD_COMMAND_ADDRESS: 11,
  BAD_COMMAND: 12,
  BAD_CONTEXT: 13,
  BAD_OPCODE: 14,
  BAD_ADDRESS: 15,
  BAD_LENGTH: 16,
  BAD_STRING: 17,
  BAD_FIELD: 18,
  BAD_TIME: 19,
  NO_ROOM: 20,
  NO_TEXT: 21,
  BAD_PROGRAM: 22,
  STOPPED: 23,
} as const;
export type CodeName = keyof typeof CODE;
export type Code = (typeof CODE)[CodeName];

export const CODE_TEXT: Readonly<Record<CodeName, string>> = {
  OK: 'done',
  NO_MORE: 'nothing more',
  BAD_REGISTER: 'no such register, or it cannot be written',
  BAD_WIDTH: 'registers take 32-bit access only',
  BAD_RING_ADDRESS: 'a ring is outside guest memory, misaligned, or overlaps the other',
  BAD_RING_ORDER: `ring order above ${MAX_RING_ORDER}`,
  NOT_ENABLED: 'the port is not enabled',
  ENABLED: 'rings cannot change while the port is enabled',
  BAD_DOORBELL: 'request tail beyond the ring',
  RING_FULL: 'more requests than the completion ring has room for',
  BAD_COMPLETION_HEAD: 'completion head beyond what was written',
  BAD_COMMAND_ADDRESS: 'command block outside guest memory or misaligned',
  BAD_COMMAND: 'no such command',
  BAD_CONTEXT: 'no such context',
  BAD_OPCODE: 'no such opcode',
  BAD_ADDRESS: 'address outside guest memory',
  BAD_LENGTH: 'a string longer than the port carries',
  BAD_STRING: 'a string that is not UTF-8, or a name with a NUL in it',
  BAD_FIELD: 'a field the opcode does not use is not zero, or has no such value',
  BAD_TIME: 'a 64-bit value above 2^53 - 1',
  NO_ROOM: 'the buffer is too small for the record',
  NO_TEXT: 'the context has no text to copy from, or not that far',
  BAD_PROGRAM: 'the program holds an operation the port cannot carry',
  STOPPED: 'the port has stopped the guest',
};

/** Longest path, name or modalias, in bytes (PATH_MAX, include/uapi/linux/limits.h). */
export const MAX_SUBJECT_BYTES = 4096;
/** Longest arguments, written text or message, in bytes. */
export const MAX_TEXT_BYTES = 16_384;
