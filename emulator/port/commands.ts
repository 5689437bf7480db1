// SPDX-License-Identifier: MIT
/** The port's commands: a block in guest memory, carried out and answered before the `out` ends. */
import type { Operation, PortSession } from '../../loader/session/index.ts';
import type { GuestMemory } from './guest-memory.ts';
import { CODE, COMMAND, COMMAND_BLOCK, type Code, REQUEST } from './protocol.ts';
import { encodeRequest } from './request-codec.ts';
import type { TextTransfers } from './text-transfers.ts';

/** What commands need of the device. */
export interface CommandHost {
  misuse(code: Code, detail: string): void;
  /** A program that no guest can run: nobody's misuse, but the end. */
  badProgram(message: string): void;
  /** Lets time pass; the number of completions written, 0 when nothing can complete. */
  idle(): number;
  done(exitStatus: number): void;
}

export class PortCommands {
  readonly #memory: GuestMemory;
  readonly #session: PortSession;
  readonly #texts: TextTransfers;
  readonly #host: CommandHost;
  /** By context: an operation taken from the program that did not fit the guest's buffer. */
  readonly #unfetched = new Map<number, Operation>();
  #status: Code = CODE.OK;
  #count = 0;

  constructor(memory: GuestMemory, session: PortSession, texts: TextTransfers, host: CommandHost) {
    this.#memory = memory;
    this.#session = session;
    this.#texts = texts;
    this.#host = host;
  }

  /** Status of the last command. */
  get status(): Code {
    return this.#status;
  }

  /** Commands carried out or refused. */
  get count(): number {
    return this.#count;
  }

  /** Carries out the command block at a physical address. */
  run(block: number): void {
    this.#count++;
    if (block % 4 !== 0 || !this.#memory.contains(block, COMMAND_BLOCK.SIZE)) {
      this.#status = CODE.BAD_COMMAND_ADDRESS;
      this.#host.misuse(CODE.BAD_COMMAND_ADDRESS, `0x${block.toString(16)}`);
      return;
    }
    const command = this.#memory.readU32(block + COMMAND_BLOCK.COMMAND);
    const status = this.#dispatch(command, block);
    this.#status = status;
    this.#memory.writeU32(block + COMMAND_BLOCK.STATUS, status);
    if (status !== CODE.OK && status !== CODE.NO_MORE && status !== CODE.BAD_PROGRAM) {
      this.#host.misuse(status, `command ${command}`);
    }
  }

  #dispatch(command: number, block: number): Code {
    switch (command) {
      case COMMAND.FETCH:
        return this.#fetch(block);
      case COMMAND.IDLE: {
        const completions = this.#host.idle();
        this.#memory.writeU32(block + COMMAND_BLOCK.LOW, completions);
        return completions > 0 ? CODE.OK : CODE.NO_MORE;
      }
      case COMMAND.ADVANCE_TIME:
        return this.#advanceTime(block);
      case COMMAND.NOW:
        this.#memory.writeU32(block + COMMAND_BLOCK.LOW, this.#session.now >>> 0);
        this.#memory.writeU32(block + COMMAND_BLOCK.HIGH, Math.floor(this.#session.now / 2 ** 32));
        return CODE.OK;
      case COMMAND.COPY:
        return this.#copy(block);
      case COMMAND.DONE:
        this.#host.done(this.#memory.readU32(block + COMMAND_BLOCK.LOW));
        return CODE.OK;
      default:
        return CODE.BAD_COMMAND;
    }
  }

  #fetch(block: number): Code {
    const memory = this.#memory;
    const context = memory.readU32(block + COMMAND_BLOCK.CONTEXT);
    const at = memory.readU32(block + COMMAND_BLOCK.ADDRESS);
    const strings = memory.readU32(block + COMMAND_BLOCK.STRINGS);
    const room = memory.readU32(block + COMMAND_BLOCK.LENGTH);
    if (context >= this.#session.contexts) return CODE.BAD_CONTEXT;
    if (at % 4 !== 0 || !memory.contains(at, REQUEST.SIZE)) return CODE.BAD_ADDRESS;
    if (!memory.contains(strings, room)) return CODE.BAD_ADDRESS;
    const operation = this.#unfetched.get(context) ?? this.#session.fetch(context);
    if (operation === undefined) return CODE.NO_MORE;
    const encoded = encodeRequest(operation);
    if (!encoded.ok) {
      this.#host.badProgram(`CPU ${context}: ${encoded.message}`);
      return CODE.BAD_PROGRAM;
    }
    const { opcode, flags, subject, text, value, options } = encoded.request;
    const used = subject.length + text.length;
    memory.writeU32(block + COMMAND_BLOCK.LOW, used);
    if (used > room) {
      this.#unfetched.set(context, operation);
      return CODE.NO_ROOM;
    }
    this.#unfetched.delete(context);
    const descriptor = new Uint32Array(REQUEST.SIZE / 4);
    descriptor[REQUEST.OPCODE / 4] = opcode;
    descriptor[REQUEST.CONTEXT / 4] = context;
    descriptor[REQUEST.FLAGS / 4] = flags;
    descriptor[REQUEST.VALUE_LOW / 4] = value >>> 0;
    descriptor[REQUEST.VALUE_HIGH / 4] = Math.floor(value / 2 ** 32);
    descriptor[REQUEST.OPTIONS / 4] = options;
    if (subject.length > 0) {
      descriptor[REQUEST.SUBJECT_ADDRESS / 4] = strings;
      descriptor[REQUEST.SUBJECT_LENGTH / 4] = subject.length;
      memory.write(strings, subject);
    }
    if (text.length > 0) {
      descriptor[REQUEST.TEXT_ADDRESS / 4] = strings + subject.length;
      descriptor[REQUEST.TEXT_LENGTH / 4] = text.length;
      memory.write(strings + subject.length, text);
    }
    memory.writeWords(at, descriptor);
    return CODE.OK;
  }

  #advanceTime(block: number): Code {
    const low = this.#memory.readU32(block + COMMAND_BLOCK.LOW);
    const high = this.#memory.readU32(block + COMMAND_BLOCK.HIGH);
    const ns = high * 2 ** 32 + low;
    if (this.#session.now + ns > Number.MAX_SAFE_INTEGER) return CODE.BAD_TIME;
    this.#session.advanceTime(ns);
    return CODE.OK;
  }

  #copy(block: number): Code {
    const memory = this.#memory;
    const context = memory.readU32(block + COMMAND_BLOCK.CONTEXT);
    const address = memory.readU32(block + COMMAND_BLOCK.ADDRESS);
    const length = memory.readU32(block + COMMAND_BLOCK.LENGTH);
    const offset = memory.readU32(block + COMMAND_BLOCK.LOW);
    if (context >= this.#session.contexts) return CODE.BAD_CONTEXT;
    if (!memory.contains(address, length)) return CODE.BAD_ADDRESS;
    const text = this.#texts.rest(context);
    if (text === undefined || offset > text.length) return CODE.NO_TEXT;
    const part = text.subarray(offset, offset + length);
    memory.write(address, part);
    memory.writeU32(block + COMMAND_BLOCK.LOW, part.length);
    memory.writeU32(block + COMMAND_BLOCK.HIGH, text.length);
    return CODE.OK;
  }
}
