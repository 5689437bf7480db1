// SPDX-License-Identifier: MIT
import type { CpuId, Nanos } from '../base/index.ts';
import type { Cpu } from './cpu.ts';
import type { EngineOptions, SpawnOptions } from './engine-options.ts';
import { EventQueue, type Timer } from './event-queue.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { type Coroutine, INTERRUPTED, type Signal, Task, type WaitMode } from './task.ts';

/** The task of events that no task caused (boot, timers): the idle task of CPU 0. */
const SWAPPER = 'swapper/0-0';

/**
 * The virtual machine under the model: a clock, a queue of timers, CPUs and tasks.
 *
 * Simulated code takes no time until it says so (`work`, `sleep`). Everything that happens at one
 * instant happens in a fixed order, so the same inputs give the same run.
 */
export class Engine {
  readonly cpus: readonly Cpu[];
  readonly random: Random;
  readonly #queue = new EventQueue();
  readonly #scheduler: Scheduler;
  #nextPid: number;
  #alive = 0;
  #current: Task | undefined;

  constructor(options: EngineOptions) {
    if (!Number.isInteger(options.cpus) || options.cpus < 1) {
      throw new RangeError(`an engine needs at least one CPU, not ${options.cpus}`);
    }
    const timeslice = options.timeslice ?? 3_000_000;
    this.#scheduler = new Scheduler(options.cpus, timeslice, this.#queue, (task) =>
      this.#resume(task),
    );
    this.cpus = this.#scheduler.cpus;
    this.random = new Random(options.seed);
    this.#nextPid = options.firstPid ?? 1;
  }

  get now(): Nanos {
    return this.#queue.now;
  }

  /** The task whose code is running, if any. */
  get current(): Task | undefined {
    return this.#current;
  }

  get currentCpu(): CpuId {
    return this.#current?.cpu ?? 0;
  }

  get currentLabel(): string {
    return this.#current?.label ?? SWAPPER;
  }

  /** Tasks that have not ended. */
  get alive(): number {
    return this.#alive;
  }

  get onlineCpus(): number {
    return this.#scheduler.onlineCpus;
  }

  /** True while something will happen without outside help, background timers apart. */
  get busy(): boolean {
    return this.#queue.foreground > 0;
  }

  // --- timers ---------------------------------------------------------------------------------

  /** Calls `fire` after `delay`, in FIFO order among equals. A negative delay is a bug. */
  after(delay: Nanos, fire: () => void, background = false): Timer {
    if (!(delay >= 0)) throw new RangeError(`cannot schedule ${delay} ns ahead`);
    return this.#queue.push(this.#queue.now + Math.ceil(delay), fire, background);
  }

  cancel(timer: Timer): boolean {
    return this.#queue.cancel(timer);
  }

  /** Fires the next timer. False when there is none. */
  step(): boolean {
    const next = this.#queue.pop();
    if (!next) return false;
    next.fire();
    return true;
  }

  /** When the next timer fires. */
  get nextAt(): Nanos | undefined {
    return this.#queue.peek()?.at;
  }

  /** Runs until only background timers are left. */
  runUntilQuiet(): void {
    while (this.#queue.foreground > 0) this.step();
  }

  // --- tasks ----------------------------------------------------------------------------------

  /** Starts a task. What it does counts for the request that its parent is serving. */
  spawn(options: SpawnOptions, body: () => Coroutine<unknown>): Task {
    const pid = options.pid ?? this.#nextPid++;
    const cpu = options.cpu ?? this.#scheduler.idleCpu ?? 0;
    if (!this.cpus[cpu]) throw new RangeError(`no CPU ${cpu}`);
    const task = new Task(pid, options.comm, cpu, options.pinned ?? false, body());
    task.request = this.#current?.request ?? 0;
    task.policy = options.policy ?? 'normal';
    this.#alive += 1;
    if (options.preempts && this.#current && this.#scheduler.idleCpu === undefined) {
      this.#scheduler.preempt(this.cpus[this.#current.cpu]!, task);
      return task;
    }
    this.#scheduler.enqueue(task);
    return task;
  }

  /**
   * To be yielded: suspends the running task until `wake`. The yield's value is that of the wake,
   * or INTERRUPTED.
   */
  block(mode: WaitMode, cancelWait?: () => void): void {
    const task = this.#current!;
    if (this.#deliverable(task, mode)) {
      cancelWait?.();
      task.resumeWith = INTERRUPTED;
      return;
    }
    task.state = 'blocked';
    task.waitMode = mode;
    task.cancelWait = cancelWait;
  }

  /** Makes a blocked task runnable. Waking one that is not blocked is a bug. */
  wake(task: Task, value?: unknown): void {
    if (task.state !== 'blocked') throw new Error(`${task.label} is ${task.state}, not blocked`);
    task.cancelWait = undefined;
    task.resumeWith = value;
    this.#scheduler.enqueue(task);
  }

  /** Sends a signal; a wait that admits it ends at once with INTERRUPTED. */
  signal(task: Task, signal: Signal): void {
    if (task.state === 'done') return;
    if (task.pending !== 'kill') task.pending = signal;
    if (task.state !== 'blocked' || !this.#deliverable(task, task.waitMode)) return;
    const cancel = task.cancelWait;
    task.cancelWait = undefined;
    cancel?.();
    task.resumeWith = INTERRUPTED;
    this.#scheduler.enqueue(task);
  }

  /**
   * To be yielded: keeps the CPU busy for `ns` of CPU time; waits its turn when others want the CPU.
   */
  work(ns: Nanos): void {
    if (!(ns >= 0)) throw new RangeError(`cannot work for ${ns} ns`);
    if (ns === 0) return;
    const task = this.#current!;
    // Time is whole nanoseconds: a fraction could be too small to move the clock.
    task.remaining = Math.ceil(ns);
    task.state = 'working';
  }

  /**
   * To be yielded: lets a task go first that the running one has to give way to
   * (preempt_schedule()).
   */
  giveWay(): void {
    this.#scheduler.giveWay(this.#current!);
  }

  /**
   * To be yielded: runs `body` in place of the running coroutine; the yield's value is what it
   * returns. As `yield*`, but what suspends beneath does not go through those above.
   */
  enter(body: Coroutine<unknown>): void {
    const task = this.#current!;
    task.callers.push(task.body);
    task.body = body;
  }

  /** Gives the CPU up for `ns`. False when a signal cut it short. */
  *sleep(ns: Nanos, mode: WaitMode = 'uninterruptible'): Coroutine<boolean> {
    const task = this.#current!;
    const timer = this.after(ns, () => this.wake(task));
    const woken = yield this.block(mode, () => this.cancel(timer));
    return woken !== INTERRUPTED;
  }

  /** Waits for the end of another task; resolves to its return value. */
  *join(task: Task): Coroutine<unknown> {
    if (task.state === 'done') return task.resumeWith;
    const waiter = this.#current!;
    task.onExit.push((value) => this.wake(waiter, value));
    waiter.reason = { what: 'the end of the task it started', on: () => [task] };
    const value = yield this.block('uninterruptible');
    waiter.reason = undefined;
    return value;
  }

  #deliverable(task: Task, mode: WaitMode): boolean {
    if (!task.pending || mode === 'uninterruptible') return false;
    return mode === 'interruptible' || task.pending === 'kill';
  }

  /** Takes a CPU out of service or back in. Pinned tasks of an offline CPU wait for it. */
  setOnline(id: CpuId, online: boolean): void {
    this.#scheduler.setOnline(id, online);
  }

  /** Runs a task's code up to its next suspension; what it yields without one takes no time. */
  #resume(task: Task): void {
    const outer = this.#current;
    this.#current = task;
    task.state = 'running';
    try {
      do {
        const value = task.resumeWith;
        task.resumeWith = undefined;
        const { done, value: result } = task.body.next(value);
        if (done) this.#leave(task, result);
      } while (task.state === 'running');
    } finally {
      this.#current = outer;
    }
  }

  /** A coroutine has ended: the one that entered it goes on, or else the task ends. */
  #leave(task: Task, result: unknown): void {
    const caller = task.callers.pop();
    if (!caller) {
      this.#end(task, result);
      return;
    }
    task.body = caller;
    task.resumeWith = result;
  }

  #end(task: Task, result: unknown): void {
    task.state = 'done';
    task.resumeWith = result;
    this.#alive -= 1;
    for (const exit of task.onExit) exit(result);
    task.onExit = [];
  }
}
