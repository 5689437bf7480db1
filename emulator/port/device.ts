// SPDX-License-Identifier: MIT
/**
 * The module port as a device: registers in, requests to the session, completions and interrupts
 * out. It knows nothing of v86. PROTOCOL.md is its specification.
 *
 * No guest can make it throw, touch memory outside RAM, or work without bound: each register
 * access handles at most one ring of requests or one command.
 */
import type { PortSession, SessionCompletion } from '../../loader/session/index.ts';
import { PortCommands } from './commands.ts';
import { CompletionRing } from './completion-ring.ts';
import type { GuestMemory } from './guest-memory.ts';
import { Patience } from './patience.ts';
import { DEFAULT_PORT_LIMITS, type PortLimits, type PortReport } from './port-report.ts';
import {
  CODE,
  CONTROL,
  type Code,
  FEATURES,
  IRQ,
  PORT_IRQ,
  PORT_MAGIC,
  PROTOCOL_VERSION,
  REGISTER,
  REQUEST,
} from './protocol.ts';
import { decodeRequest } from './request-codec.ts';
import { RingSetup } from './ring-setup.ts';
import { TextTransfers } from './text-transfers.ts';

/** The machine around the port. */
export interface PortHost {
  raiseIrq(): void;
  lowerIrq(): void;
  /** The first completion has been written. */
  firstCompletion?(): void;
  /** The guest said it has finished. */
  done(exitStatus: number): void;
  /** The port gave the guest up, and why. */
  stopped(message: string): void;
}

export interface ModulePortOptions {
  readonly memory: GuestMemory;
  readonly session: PortSession;
  readonly host: PortHost;
  readonly limits?: Partial<PortLimits>;
}

const EFAULT = -14;
const EINVAL = -22;
const ENOSYS = -38;

export class ModulePortDevice {
  readonly #memory: GuestMemory;
  readonly #session: PortSession;
  readonly #host: PortHost;
  readonly #patience: Patience;
  readonly #rings = new RingSetup();
  readonly #completions: CompletionRing;
  readonly #texts: TextTransfers;
  readonly #commands: PortCommands;
  readonly #descriptor = new Uint32Array(REQUEST.SIZE / 4);

  #enabled = false;
  #requestHead = 0;
  #irqStatus = 0;

  #served = false;
  #requests = 0;
  #refused = 0;
  #doorbells = 0;
  #interrupts = 0;
  #outstanding = 0;
  #maxOutstanding = 0;
  #exitStatus: number | undefined;

  constructor(options: ModulePortOptions) {
    this.#memory = options.memory;
    this.#session = options.session;
    this.#host = options.host;
    const limits = { ...DEFAULT_PORT_LIMITS, ...options.limits };
    this.#patience = new Patience(limits, (message) => this.#host.stopped(message));
    this.#completions = new CompletionRing(options.memory);
    this.#texts = new TextTransfers(options.memory);
    this.#commands = new PortCommands(options.memory, options.session, this.#texts, {
      misuse: (code, detail) => this.#patience.misuse(code, detail),
      badProgram: (message) => {
        this.#patience.stop(`the program asks for what the port cannot carry: ${message}`);
      },
      idle: () => this.#idle(),
      done: (status) => {
        this.#exitStatus = status;
        this.#host.done(status);
      },
    });
  }

  /** Requests and completions so far: what a watchdog compares. */
  get progress(): number {
    return this.#requests + this.#refused + this.#completions.written;
  }

  /** A 32-bit read of the register at `offset`. */
  read(offset: number): number {
    switch (offset) {
      case REGISTER.MAGIC:
        return PORT_MAGIC;
      case REGISTER.VERSION:
        return PROTOCOL_VERSION;
      case REGISTER.FEATURES:
        return FEATURES;
      case REGISTER.CONTEXTS:
        return this.#session.contexts;
      case REGISTER.MEMORY:
        return this.#memory.size;
      case REGISTER.IRQ_LINE:
        return PORT_IRQ;
      case REGISTER.REQUEST_RING:
        return this.#rings.requests;
      case REGISTER.COMPLETION_RING:
        return this.#rings.completions;
      case REGISTER.RING_ORDER:
        return this.#rings.order;
      case REGISTER.CONTROL:
        return this.#enabled ? CONTROL.ENABLE : CONTROL.DISABLE;
      case REGISTER.REQUEST_TAIL:
        return this.#requestHead;
      case REGISTER.COMPLETION_HEAD:
        return this.#completions.tail;
      case REGISTER.IRQ_STATUS:
        return this.#irqStatus;
      case REGISTER.COMMAND:
        return this.#commands.status;
      case REGISTER.ERROR:
        return this.#patience.error;
      case REGISTER.ERROR_COUNT:
        return this.#patience.total >>> 0;
      default:
        this.#misuse(CODE.BAD_REGISTER, `read at offset 0x${offset.toString(16)}`);
        return 0xffffffff;
    }
  }

  /** A 32-bit write; `value` may be signed or unsigned. */
  write(offset: number, value: number): void {
    if (this.#patience.stopped !== undefined) return;
    const word = value >>> 0;
    switch (offset) {
      case REGISTER.REQUEST_RING:
      case REGISTER.COMPLETION_RING:
      case REGISTER.RING_ORDER:
        this.#configure(offset, word);
        break;
      case REGISTER.CONTROL:
        this.#control(word);
        break;
      case REGISTER.REQUEST_TAIL:
        this.#doorbell(word);
        break;
      case REGISTER.COMPLETION_HEAD:
        if (!this.#completions.take(word)) {
          this.#misuse(
            CODE.BAD_COMPLETION_HEAD,
            `head ${word}, written up to ${this.#completions.tail}`,
          );
        }
        break;
      case REGISTER.IRQ_STATUS:
        this.#acknowledge(word);
        break;
      case REGISTER.COMMAND:
        if (this.#enabled) this.#commands.run(word);
        else this.#misuse(CODE.NOT_ENABLED, 'command');
        break;
      case REGISTER.ERROR:
        this.#patience.error = CODE.OK;
        break;
      default:
        this.#misuse(CODE.BAD_REGISTER, `write at offset 0x${offset.toString(16)}`);
    }
  }

  /** An 8- or 16-bit access, or one that is not on a register's first byte. */
  badAccess(offset: number, bits: number): void {
    this.#misuse(CODE.BAD_WIDTH, `${bits}-bit access at offset 0x${offset.toString(16)}`);
  }

  report(): PortReport {
    const { stopped } = this.#patience;
    return {
      requests: this.#requests,
      refused: this.#refused,
      completions: this.#completions.written,
      doorbells: this.#doorbells,
      commands: this.#commands.count,
      interrupts: this.#interrupts,
      maxOutstanding: this.#maxOutstanding,
      misuses: this.#patience.list(),
      ...(stopped === undefined ? {} : { stopped }),
      ...(this.#exitStatus === undefined ? {} : { exitStatus: this.#exitStatus }),
    };
  }

  #configure(register: number, word: number): void {
    if (this.#enabled) {
      this.#misuse(CODE.ENABLED, `write at offset 0x${register.toString(16)}`);
    } else this.#rings.set(register, word);
  }

  #control(word: number): void {
    if (word === CONTROL.DISABLE) {
      this.#enabled = false;
      this.#acknowledge(0xffffffff);
      return;
    }
    if (word !== CONTROL.ENABLE) {
      this.#misuse(CODE.BAD_REGISTER, `control ${word}`);
      return;
    }
    if (this.#enabled) {
      this.#misuse(CODE.ENABLED, 'enabled twice');
      return;
    }
    const code = this.#rings.check(this.#memory, this.#outstanding);
    if (code !== CODE.OK) {
      this.#misuse(code, String(this.#rings));
      return;
    }
    this.#enabled = true;
    this.#requestHead = 0;
    this.#completions.open(this.#rings.completions, this.#rings.order);
  }

  #doorbell(tail: number): void {
    this.#doorbells++;
    if (!this.#enabled) {
      this.#misuse(CODE.NOT_ENABLED, 'doorbell');
      return;
    }
    const fresh = (tail - this.#requestHead) >>> 0;
    if (fresh === 0) {
      this.#patience.fruitless('doorbells without a new request');
      return;
    }
    const entries = 1 << this.#rings.order;
    if (fresh > entries) {
      this.#misuse(
        CODE.BAD_DOORBELL,
        `tail ${tail}, ${this.#requestHead} taken, ${entries} entries`,
      );
      return;
    }
    for (let i = 0; i < fresh && this.#patience.stopped === undefined; i++) {
      if (this.#outstanding + this.#completions.untaken >= entries) {
        this.#misuse(CODE.RING_FULL, `${entries} entries`);
        break;
      }
      this.#take(this.#rings.requests + (this.#requestHead & (entries - 1)) * REQUEST.SIZE);
      this.#requestHead = (this.#requestHead + 1) >>> 0;
    }
    if (this.#completions.untaken > 0) this.#interrupt(IRQ.COMPLETION);
  }

  /** One request off the ring: to the session, or straight back with a refusal. */
  #take(at: number): void {
    const words = this.#descriptor;
    this.#memory.readWords(at, words);
    const context = words[REQUEST.CONTEXT / 4]!;
    const tag = words[REQUEST.TAG / 4]!;
    const decoded =
      context < this.#session.contexts ? decodeRequest(this.#memory, words) : CODE.BAD_CONTEXT;
    if (typeof decoded === 'number') {
      this.#refused++;
      const ret =
        decoded === CODE.BAD_OPCODE ? ENOSYS : decoded === CODE.BAD_ADDRESS ? EFAULT : EINVAL;
      this.#completions.put(context, tag, ret, decoded, 0, 0, this.#session.now);
      this.#misuse(
        decoded,
        `request ${tag} of context ${context}, opcode ${words[REQUEST.OPCODE / 4]}`,
      );
      return;
    }
    if (decoded.op === 'read') {
      const [address, length] = [REQUEST.BUFFER_ADDRESS, REQUEST.BUFFER_LENGTH];
      this.#texts.expect(context, tag, words[address / 4]!, words[length / 4]!);
    }
    this.#requests++;
    this.#outstanding++;
    if (this.#outstanding > this.#maxOutstanding) this.#maxOutstanding = this.#outstanding;
    this.#patience.fruitful();
    this.#session.submit(context, tag, decoded);
  }

  /** Carries out IDLE; the number of completions that wait to be taken. */
  #idle(): number {
    const untaken = this.#completions.untaken;
    if (untaken > 0) {
      this.#patience.fruitless('IDLEs with completions not taken');
      this.#interrupt(IRQ.COMPLETION);
      return untaken;
    }
    const completed = this.#session.advance();
    if (completed.length === 0) {
      this.#patience.fruitless('IDLEs with nothing to wait for');
      this.#interrupt(IRQ.NOTHING);
      return 0;
    }
    for (const completion of completed) this.#complete(completion);
    if (!this.#served) {
      this.#served = true;
      this.#host.firstCompletion?.();
    }
    this.#patience.fruitful();
    this.#interrupt(IRQ.COMPLETION);
    return completed.length;
  }

  #complete(completion: SessionCompletion): void {
    const { context, tag, ret, data } = completion;
    this.#outstanding--;
    const length = this.#texts.complete(context, tag, data);
    const total = data?.length ?? 0;
    this.#completions.put(context, tag, ret, CODE.OK, length, total, this.#session.now);
  }

  #interrupt(bit: number): void {
    if ((this.#irqStatus & bit) !== 0) return;
    this.#irqStatus |= bit;
    this.#interrupts++;
    this.#host.raiseIrq();
  }

  #acknowledge(bits: number): void {
    if ((this.#irqStatus & bits) === 0) return;
    this.#irqStatus &= ~bits;
    this.#host.lowerIrq();
    // The line is edge-triggered: what is still pending needs an edge of its own.
    if (this.#irqStatus !== 0) this.#host.raiseIrq();
  }

  #misuse(code: Code, detail: string): void {
    this.#patience.misuse(code, detail);
  }
}
