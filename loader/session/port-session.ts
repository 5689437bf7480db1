// SPDX-License-Identifier: MIT
/**
 * The seam between whoever asks (a guest over the module port, or the replay runner) and the
 * simulated kernel that answers. Both drive the same session in the same way, so the same
 * requests give the same bytes.
 */
import type { Nanos } from '../base/index.ts';
import type { Operation } from './operation.ts';

export interface SessionCompletion {
  /** The context that asked, and the tag it asked under. */
  readonly context: number;
  readonly tag: number;
  /** The system call's value: 0, a positive value, or a negative errno. */
  readonly ret: number;
  /** What a `read` read. */
  readonly data?: Uint8Array;
}

export interface PortSession {
  /** Contexts that may submit: 0 … contexts − 1. */
  readonly contexts: number;
  /** Virtual time. */
  readonly now: Nanos;
  /** Requests submitted and not completed. */
  readonly outstanding: number;
  /** The next operation of a context's program; undefined when it has no more. */
  fetch(context: number): Operation | undefined;
  /**
   * Puts a request before the kernel at the present virtual time. Nothing happens until `advance`.
   * A context may have many requests outstanding; they are served one after the other, in order.
   */
  submit(context: number, tag: number, operation: Operation): void;
  /**
   * Lets virtual time pass until at least one request completes, and returns those that completed
   * at that point, in order. An empty list means nothing is outstanding, or that what is
   * outstanding can never complete.
   */
  advance(): readonly SessionCompletion[];
  /** Lets `ns` of virtual time pass, completing nothing: completions come with later `advance`s. */
  advanceTime(ns: Nanos): void;
}
