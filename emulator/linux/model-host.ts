// SPDX-License-Identifier: MIT
/**
 * Answers the processes of a Linux guest from the model: requests of the user channel become
 * processes of the model that arrive at the guest's time, and go on record.
 *
 * Rule of time: the model's time 0 is the stamp with which the guest's session asked for work; a
 * request arrives at its stamp minus that, or now when the model is further already. The model
 * never runs ahead of the latest stamp while something is asked; at the end it runs until quiet.
 */

import type { PreparedRun } from '../../loader/scenario/index.ts';
import { type Arrival, type Operation, Session } from '../../loader/session/index.ts';
import { OPCODE } from '../port/protocol.ts';
import type { UserAnswer, UserHost } from '../port/user-channel.ts';
import { USER_OPERATION, USER_OPERATION_FIRST } from '../port/user-protocol.ts';
import type { UserMessage } from '../port/user-window.ts';
import { type ModelTexts, modelTexts } from './model-texts.ts';

const ENOENT = -2;
const EINVAL = -22;
const ENOSYS = -38;
const NOTHING = new Uint8Array();
const encoder = new TextEncoder();

/** What the host around wants to know and decides. */
export interface ModelHostEvents {
  /** The guest's session asks what to do; answer at once or later. */
  work(give: (command: string) => void): void;
  /** The session has ended with this status. */
  exit(status: number): void;
  /** The terminal's rows and columns now. */
  size(): string;
  /** The model has failed: a bug. */
  failed(error: unknown): void;
}

interface Open {
  readonly answer: UserAnswer;
  readonly operation: Operation;
}

export class ModelHost implements UserHost {
  readonly #session: Session;
  readonly #texts: ModelTexts;
  readonly #events: ModelHostEvents;
  readonly #open = new Map<number, Open>();
  readonly #arrivalOf = new Map<number, number>();
  readonly #arrivals: Arrival[] = [];
  #processes = 0;
  #requests = 0;
  #origin: number | undefined;
  #atFirst: (() => void) | undefined;

  constructor(run: PreparedRun, events: ModelHostEvents) {
    this.#session = new Session(run.kernel, run.program, run.observer);
    this.#texts = modelTexts(run);
    this.#events = events;
    this.#session.onArrival = ({ arrival, ret, data }) => {
      const open = this.#open.get(arrival);
      if (open === undefined) return;
      this.#open.delete(arrival);
      open.answer(ret, data ?? this.#words(open.operation, ret));
    };
  }

  /** What came, in order: a scenario's `arrivals`. */
  get arrivals(): readonly Arrival[] {
    return this.#arrivals;
  }

  /** Requests that wait for the model. */
  get waiting(): number {
    return this.#open.size;
  }

  /** From now on the guest's time `at` is the model's 0. Only the first call counts. */
  begin(at: number): void {
    this.#origin ??= at;
  }

  /** The guest goes on from a saved state: the next sign of it is the model's 0, and then `then`. */
  beginAtFirst(then: () => void): void {
    this.#atFirst = then;
  }

  request(message: UserMessage, at: number, answer: UserAnswer): number {
    const number = this.#requests++;
    if (message.operation >= USER_OPERATION_FIRST) {
      this.#own(message, answer);
      return number;
    }
    const operation = operationOf(message);
    if (typeof operation === 'number') answer(operation, NOTHING);
    else this.#arrive(number, operation, at, answer);
    return number;
  }

  pass(at: number): void {
    const first = this.#atFirst;
    if (first !== undefined) {
      this.#atFirst = undefined;
      this.begin(at);
      first();
      return;
    }
    this.#guard(() => this.#session.passTo(this.#virtual(at)));
  }

  gone(request: number, at: number, signal: number): void {
    const arrival = this.#arrivalOf.get(request);
    if (arrival === undefined || !this.#open.delete(arrival)) return;
    // Model: every signal that ends a process in the guest ends it in the model as SIGKILL does,
    // SIGINT (2) apart.
    const kind = signal === 2 ? 'int' : 'kill';
    this.#guard(() => {
      const entry = { at: this.#virtual(at), arrival, signal: kind } as const;
      this.#arrivals.push({ ...entry, at: this.#session.arrive(entry) });
    });
  }

  /** Lets the model finish what was asked; afterwards the result can be collected. */
  finish(): void {
    this.#guard(() => {
      while (this.#session.advance().length > 0) {}
    });
  }

  #virtual(at: number): number {
    return Math.max(0, at - (this.#origin ?? at));
  }

  #arrive(number: number, operation: Operation, at: number, answer: UserAnswer): void {
    this.#guard(() => {
      const arrival = this.#processes++;
      this.#open.set(arrival, { answer, operation });
      this.#arrivalOf.set(number, arrival);
      const entry = { at: this.#virtual(at), comm: commOf(operation), operation };
      this.#arrivals.push({ ...entry, at: this.#session.arrive(entry) });
      this.#session.passTo(this.#virtual(at));
    });
  }

  /** What the program prints on its error output. */
  #words(operation: Operation, ret: number): Uint8Array {
    if (ret === 0 || operation.op !== 'modprobe') return NOTHING;
    return encoder.encode(this.#texts.modprobeFailure(operation.name));
  }

  #own(message: UserMessage, answer: UserAnswer): void {
    const subject = new TextDecoder().decode(message.subject);
    const text = (value: string | undefined): void => {
      if (value === undefined) answer(ENOENT, encoder.encode(this.#texts.notFound(subject)));
      else answer(0, encoder.encode(value));
    };
    switch (message.operation) {
      case USER_OPERATION.WORK:
        this.#events.work((command) => answer(0, encoder.encode(command)));
        break;
      case USER_OPERATION.EXIT:
        answer(0, NOTHING);
        this.#events.exit(message.flags & 0xff);
        break;
      case USER_OPERATION.DEPENDS:
        text(this.#texts.depends(subject, new TextDecoder().decode(message.text)));
        break;
      case USER_OPERATION.MODINFO:
        text(this.#texts.modinfo(subject));
        break;
      case USER_OPERATION.NAMES:
        text(this.#texts.names());
        break;
      case USER_OPERATION.SIZE:
        answer(1, encoder.encode(this.#events.size()));
        break;
      default:
        answer(ENOSYS, NOTHING);
    }
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#events.failed(error);
    }
  }
}

/** Names of the model's processes, as the guest's programs are called. */
function commOf({ op }: Operation): string {
  switch (op) {
    case 'finit_module':
      return 'insmod';
    case 'delete_module':
      return 'rmmod';
    case 'read':
    case 'write':
      return 'modstorm';
    default:
      return 'modprobe';
  }
}

/** The operation a message asks for, or the errno with which it is refused. */
function operationOf({ operation, flags, subject, text }: UserMessage): Operation | number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let name: string;
  let args: string;
  try {
    name = decoder.decode(subject);
    args = decoder.decode(text);
  } catch {
    return EINVAL;
  }
  if (name === '' || name.includes('\0') || args.includes('\0')) return EINVAL;
  switch (operation) {
    case OPCODE.finit_module:
      return { op: 'finit_module', path: name, flags, args, open: 'read' };
    case OPCODE.delete_module:
      return { op: 'delete_module', name, flags };
    case OPCODE.request_module:
      return { op: 'request_module', name, wait: true };
    case OPCODE.modprobe:
      return { op: 'modprobe', name, args };
    case OPCODE.read:
      return { op: 'read', path: name };
    case OPCODE.write:
      return { op: 'write', path: name, text: args };
    default:
      return ENOSYS;
  }
}
