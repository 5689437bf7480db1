// SPDX-License-Identifier: MIT
/** The port's numbers as PROTOCOL.md prints them, written out again so that a slip shows. */
export const MAGIC = 0x00;
export const VERSION = 0x04;
export const FEATURES = 0x08;
export const CONTEXTS = 0x0c;
export const MEMORY = 0x10;
export const IRQ_LINE = 0x14;
export const REQUEST_RING = 0x18;
export const COMPLETION_RING = 0x1c;
export const RING_ORDER = 0x20;
export const CONTROL = 0x24;
export const REQUEST_TAIL = 0x28;
export const COMPLETION_HEAD = 0x2c;
export const IRQ_STATUS = 0x30;
export const COMMAND = 0x34;
export const ERROR = 0x38;
export const ERROR_COUNT = 0x3c;

export const IRQ_COMPLETION = 1;
export const IRQ_NOTHING = 2;

export const FETCH = 1;
export const IDLE = 2;
export const ADVANCE_TIME = 3;
export const NOW = 4;
export const COPY = 5;
export const DONE = 6;

export const OK = 0;
export const NO_MORE = 1;
export const BAD_REGISTER = 2;
export const BAD_WIDTH = 3;
export const BAD_RING_ADDRESS = 4;
export const BAD_RING_ORDER = 5;
export const NOT_ENABLED = 6;
export const ENABLED = 7;
export const BAD_DOORBELL = 8;
export const RING_FULL = 9;
export const BAD_COMPLETION_HEAD = 10;
export const BAD_COMMAND_ADDRESS = 11;
export const BAD_COMMAND = 12;
export const BAD_CONTEXT = 13;
export const BAD_OPCODE = 14;
export const BAD_ADDRESS = 15;
export const BAD_LENGTH = 16;
export const BAD_STRING = 17;
export const BAD_FIELD = 18;
export const BAD_TIME = 19;
export const NO_ROOM = 20;
export const NO_TEXT = 21;

/** Where the tests put things in guest memory. */
export const REQUESTS_AT = 0x200000;
export const COMPLETIONS_AT = 0x210000;
export const BLOCK_AT = 0x220000;
export const STRINGS_AT = 0x230000;
export const BUFFER_AT = 0x240000;
