// SPDX-License-Identifier: MIT
/** The user channel's numbers (PROTOCOL.md, "User space"): processes of a guest that has a kernel. */

/** Gate: two 32-bit registers. */
export const GATE_BASE = 0x5e0;
export const GATE_SIZE = 0x08;
export const GATE = {
  /** Read: takes a window, its key in the upper and its first port in the lower half; 0: none free. */
  OPEN: 0x00,
  /** Read: `GATE_MAGIC`. */
  MAGIC: 0x04,
} as const;
/** "MODU" */
export const GATE_MAGIC = 0x55444f4d;

/** Windows: `WINDOW_COUNT` blocks of four 32-bit registers, one for each transaction. */
export const WINDOWS_BASE = 0x6000;
export const WINDOW_SIZE = 0x10;
export const WINDOW_COUNT = 1024;
export const WINDOW = {
  /** Write: the message, word by word. Read: the answer, word by word. */
  DATA: 0x00,
  /** Read: `WINDOW_STATE`. */
  STATE: 0x04,
  /** Write, in two accesses: a stamp, and the stamp exclusive-or the key's mask. */
  POLL: 0x08,
  /** Write: the key in the upper half, a signal number or 0 in the lower. Gives the window back. */
  CLOSE: 0x0c,
} as const;

export const WINDOW_STATE = {
  /** Nobody's. */
  CLOSED: 0,
  /** Takes a message. */
  OPEN: 1,
  /** The request is before the model. */
  WAITING: 2,
  /** The answer can be read. */
  READY: 3,
  /** The message was damaged or is none: open another window and send it again. */
  DAMAGED: 4,
} as const;

/** A message: this header, the subject, the text, zeroes up to a whole word. */
export const MESSAGE = {
  /** Bytes that follow the first two words. */
  LENGTH: 0x00,
  /** FNV-1a of those bytes, begun with the key's mask. */
  SUM: 0x04,
  OPERATION: 0x08,
  FLAGS: 0x0c,
  /** Microseconds of CLOCK_MONOTONIC, modulo 2^32. */
  STAMP: 0x10,
  PID: 0x14,
  SUBJECT_LENGTH: 0x18,
  TEXT_LENGTH: 0x1c,
  STRINGS: 0x20,
} as const;

/** An answer: the value, how many bytes follow, the bytes. */
export const ANSWER = { VALUE: 0x00, LENGTH: 0x04, BYTES: 0x08 } as const;

/** Operations beyond those of the request ring. */
export const USER_OPERATION = {
  /** What is the guest to do? Text: rows, columns, and the command; no command: a person types. */
  WORK: 64,
  /** The guest has finished; flags: its exit status. */
  EXIT: 65,
  /** Text: what `modprobe --show-depends` prints for the subject. */
  DEPENDS: 66,
  /** Text: what `modinfo` prints for the subject. */
  MODINFO: 67,
  /** Text: names of all modules, one a line, dependencies first. */
  NAMES: 68,
  /** Text: the window's rows and columns now. */
  SIZE: 69,
} as const;
export const USER_OPERATION_FIRST = 64;

/** Spreads a 16-bit key over a word. */
export function keyMask(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 0;
}
