// SPDX-License-Identifier: MIT
import type { CpuId } from '../base/index.ts';

/** Which signals may end a wait (TASK_UNINTERRUPTIBLE, TASK_KILLABLE, TASK_INTERRUPTIBLE). */
export type WaitMode = 'uninterruptible' | 'killable' | 'interruptible';

/** `int` stands for any signal with a handler; `kill` for SIGKILL. */
export type Signal = 'int' | 'kill';

/**
 * Simulated code: suspends with a `yield` of a call that has told the engine what for, and resumes
 * with the value it was woken with.
 */
export type Coroutine<T> = Generator<void, T, unknown>;

/** What a wait that a signal ended resumes with. */
export const INTERRUPTED: unique symbol = Symbol('interrupted');

/**
 * SCHED_NORMAL or SCHED_IDLE. A task of the second kind has a CPU while no other kind wants it, and
 * gives way to one that wakes at once (wakeup_preempt_fair, kernel/sched/fair.c, Linux 6.12).
 * Model: it gets nothing while others run, where the kernel gives it three parts in a thousand.
 */
export type Policy = 'normal' | 'idle';

export type TaskState = 'runnable' | 'running' | 'working' | 'blocked' | 'done';

/** What a task waits for, and whose doing would end the wait. */
export interface WaitReason {
  readonly what: string;
  readonly on: () => readonly Task[];
}

/** One thread of the simulated kernel or of its user space. */
export class Task {
  readonly pid: number;
  comm: string;
  /** `comm-pid`, as trace files name a task. */
  label: string;
  /** The CPU it runs on, or ran on last. */
  cpu: CpuId;
  /** A pinned task never leaves its CPU. */
  readonly pinned: boolean;
  policy: Policy = 'normal';
  state: TaskState = 'runnable';
  /** Signals sent and not yet acted on. */
  pending: Signal | undefined;
  /** Request number that events of this task belong to; 0 outside any. */
  request = 0;

  /** Engine internals: the coroutine, what it resumes with, how its wait is called off. */
  body: Coroutine<unknown>;
  /** Those that wait for the end of `body`, the innermost last. */
  readonly callers: Coroutine<unknown>[] = [];
  resumeWith: unknown = undefined;
  waitMode: WaitMode = 'uninterruptible';
  cancelWait: (() => void) | undefined;
  /** Set around waits that another task has to end. */
  reason: WaitReason | undefined;
  /** CPU time still to be spent by the current `work`. */
  remaining = 0;
  /** Enqueue order, to share CPUs first come first served. */
  enqueued = 0;
  onExit: ((value: unknown) => void)[] = [];

  constructor(pid: number, comm: string, cpu: CpuId, pinned: boolean, body: Coroutine<unknown>) {
    this.pid = pid;
    this.comm = comm;
    this.label = `${comm}-${pid}`;
    this.cpu = cpu;
    this.pinned = pinned;
    this.body = body;
  }

  /** Takes a new name, as exec does. */
  rename(comm: string): void {
    this.comm = comm;
    this.label = `${comm}-${this.pid}`;
  }
}
