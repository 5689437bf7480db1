import type { CpuId, Nanos } from '../units.ts';
import { Cpu, IdleSet, RunQueue } from './cpu.ts';
import type { EngineOptions, SpawnOptions } from './engine-options.ts';
import { EventQueue, type Timer } from './event-queue.ts';
import { Random } from './random.ts';
import { type Coroutine, INTERRUPTED, type Signal, Task, type WaitMode } from './task.ts';

/** The task of events that no task caused (boot, timers): the idle task of CPU 0. */
const SWAPPER = 'swapper/0-0';

/**
 * The virtual machine under the model: a clock, a queue of timers, CPUs and tasks.
 *
 * Simulated code takes no time until it says so (`work`, `sleep`). Everything that happens at one
 * instant happens in a fixed order, so the same inputs give the same run.
 *
 * Model: CPUs are shared first come first served with a time slice, tasks of SCHED_IDLE behind all
 * others; a task that may migrate runs on the idle CPU with the lowest number.
 */
export class Engine {
  readonly cpus: readonly Cpu[];
  readonly random: Random;
  readonly #queue = new EventQueue();
  readonly #idle: IdleSet;
  readonly #shared = new RunQueue();
  readonly #timeslice: Nanos;
  #now: Nanos = 0;
  #nextPid: number;
  #enqueueSeq = 0;
  #alive = 0;
  #online: number;
  #current: Task | undefined;

  constructor(options: EngineOptions) {
    if (!Number.isInteger(options.cpus) || options.cpus < 1) {
      throw new RangeError(`an engine needs at least one CPU, not ${options.cpus}`);
    }
    const dispatch = (cpu: Cpu): void => this.#dispatch(cpu);
    const endSlice = (cpu: Cpu): void => this.#endSlice(cpu);
    this.cpus = Array.from({ length: options.cpus }, (_, id) => new Cpu(id, dispatch, endSlice));
    this.#online = options.cpus;
    this.#idle = new IdleSet(options.cpus);
    for (const cpu of this.cpus) this.#idle.add(cpu.id);
    this.random = new Random(options.seed);
    this.#timeslice = options.timeslice ?? 3_000_000;
    this.#nextPid = options.firstPid ?? 1;
  }

  get now(): Nanos {
    return this.#now;
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
    return this.#online;
  }

  /** True while something will happen without outside help, background timers apart. */
  get busy(): boolean {
    return this.#queue.foreground > 0;
  }

  /** True when nothing at all is left to happen. */
  get drained(): boolean {
    return this.#queue.peek() === undefined;
  }

  // --- timers ---------------------------------------------------------------------------------

  /** Calls `fire` after `delay`, in FIFO order among equals. A negative delay is a bug. */
  after(delay: Nanos, fire: () => void, background = false): Timer {
    if (!(delay >= 0)) throw new RangeError(`cannot schedule ${delay} ns ahead`);
    return this.#queue.push(this.#now + Math.ceil(delay), fire, background);
  }

  cancel(timer: Timer): boolean {
    return this.#queue.cancel(timer);
  }

  /** Fires the next timer. False when there is none. */
  step(): boolean {
    const next = this.#queue.pop();
    if (!next) return false;
    this.#now = next.at;
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
    const cpu = options.cpu ?? this.#idle.first() ?? 0;
    if (!this.cpus[cpu]) throw new RangeError(`no CPU ${cpu}`);
    const task = new Task(pid, options.comm, cpu, options.pinned ?? false, body());
    task.request = this.#current?.request ?? 0;
    task.policy = options.policy ?? 'normal';
    this.#alive += 1;
    if (options.preempts && this.#current && this.#idle.first() === undefined) {
      const here = this.cpus[this.#current.cpu]!;
      task.cpu = here.id;
      task.state = 'runnable';
      task.enqueued = this.#enqueueSeq++;
      here.queue.push(task);
      here.preempt = true;
      return task;
    }
    this.#enqueue(task);
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
    this.#enqueue(task);
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
    this.#enqueue(task);
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
    const task = this.#current!;
    const cpu = this.cpus[task.cpu]!;
    if (cpu.preempt) this.#putBack(cpu, task);
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
    return yield this.block('uninterruptible');
  }

  #deliverable(task: Task, mode: WaitMode): boolean {
    if (!task.pending || mode === 'uninterruptible') return false;
    return mode === 'interruptible' || task.pending === 'kill';
  }

  // --- CPUs -----------------------------------------------------------------------------------

  /** Takes a CPU out of service or back in. Pinned tasks of an offline CPU wait for it. */
  setOnline(id: CpuId, online: boolean): void {
    const cpu = this.cpus[id];
    if (!cpu) throw new RangeError(`no CPU ${id}`);
    if (cpu.online === online) return;
    cpu.online = online;
    this.#online += online ? 1 : -1;
    if (!online) this.#moveAway(cpu);
    if (!cpu.running) {
      if (online) {
        this.#idle.add(id);
        this.#dispatchSoon(cpu);
      } else {
        this.#idle.delete(id);
      }
    }
  }

  /** Tasks that may migrate do not wait on a CPU that is gone. */
  #moveAway(cpu: Cpu): void {
    const waiting: Task[] = [];
    for (let task = cpu.queue.shift(); task; task = cpu.queue.shift()) waiting.push(task);
    for (const task of waiting) {
      if (task.pinned) cpu.queue.push(task);
      else this.#enqueue(task);
    }
  }

  #enqueue(task: Task): void {
    task.state = 'runnable';
    task.enqueued = this.#enqueueSeq++;
    const home = this.cpus[task.cpu]!;
    if (task.pinned || this.#idle.has(home.id)) {
      home.queue.push(task);
      if (this.#idle.has(home.id)) this.#dispatchSoon(home);
      else this.#contend(home, task);
      return;
    }
    const idle = this.#idle.first();
    if (idle !== undefined) {
      task.cpu = idle;
      const cpu = this.cpus[idle]!;
      cpu.queue.push(task);
      this.#dispatchSoon(cpu);
      return;
    }
    this.#shared.push(task);
    this.#contend(home, task);
  }

  /** A task wants a CPU that another has. */
  #contend(cpu: Cpu, task: Task): void {
    const { running } = cpu;
    if (running?.policy !== 'idle' || task.policy === 'idle') {
      if (running?.policy === task.policy) this.#limitSlice(cpu);
      return;
    }
    cpu.preempt = true;
    if (running.state === 'working' && cpu.sliceTimer?.fire) this.#cutSlice(cpu, this.#now);
  }

  #cutSlice(cpu: Cpu, at: Nanos): void {
    this.#queue.cancel(cpu.sliceTimer!);
    cpu.sliceTimer = this.#queue.push(at, cpu.endSlice);
  }

  /** The running task waits again: before others of its kind when it had to give way. */
  #putBack(cpu: Cpu, task: Task): void {
    task.state = 'runnable';
    const queue = task.pinned ? cpu.queue : this.#shared;
    if (task.policy === 'idle' && cpu.queue.normal + this.#shared.normal > 0) {
      task.enqueued = -this.#enqueueSeq++;
      queue.unshift(task);
      return;
    }
    task.enqueued = this.#enqueueSeq++;
    queue.push(task);
  }

  /** Claims an idle CPU and lets it pick its task at this instant, after what is already due. */
  #dispatchSoon(cpu: Cpu): void {
    this.#idle.delete(cpu.id);
    this.#queue.push(this.#now, cpu.dispatch);
  }

  #pick(cpu: Cpu): Task | undefined {
    const own = cpu.queue.peek();
    const shared = this.#shared.peek();
    if (!own || !shared) return own ? cpu.queue.shift() : this.#shared.shift();
    const ownFirst =
      own.policy === shared.policy ? own.enqueued < shared.enqueued : own.policy === 'normal';
    return (ownFirst ? cpu.queue : this.#shared).shift();
  }

  /** Runs tasks on a CPU until one keeps it busy or none is left. */
  #dispatch(cpu: Cpu): void {
    for (;;) {
      if (!cpu.online) {
        cpu.running = undefined;
        return;
      }
      const task = this.#pick(cpu);
      if (!task) {
        cpu.running = undefined;
        this.#idle.add(cpu.id);
        return;
      }
      cpu.running = task;
      // The one that was to give way has done so by itself.
      cpu.preempt = false;
      task.cpu = cpu.id;
      if (task.remaining === 0) this.#resume(task);
      if (task.remaining > 0) {
        this.#startSlice(cpu, task);
        return;
      }
    }
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

  #startSlice(cpu: Cpu, task: Task): void {
    task.state = 'working';
    cpu.sliceStart = this.#now;
    if (cpu.preempt) {
      cpu.preempt = false;
      cpu.sliceTimer = this.#queue.push(this.#now, cpu.endSlice);
      return;
    }
    const contended = cpu.queue.length > 0 || this.#shared.length > 0;
    const slice = contended ? Math.min(task.remaining, this.#timeslice) : task.remaining;
    cpu.sliceTimer = this.#queue.push(this.#now + slice, cpu.endSlice);
  }

  /** Somebody now waits for this CPU: the running task may keep it for one time slice in all. */
  #limitSlice(cpu: Cpu): void {
    const task = cpu.running;
    const timer = cpu.sliceTimer;
    if (!task || !timer?.fire || task.state !== 'working') return;
    const end = Math.max(this.#now, cpu.sliceStart + this.#timeslice);
    if (timer.at > end) this.#cutSlice(cpu, end);
  }

  #endSlice(cpu: Cpu): void {
    const task = cpu.running!;
    const spent = this.#now - cpu.sliceStart;
    cpu.busy += spent;
    task.remaining -= spent;
    cpu.sliceTimer = undefined;
    if (task.remaining > 0) {
      this.#putBack(cpu, task);
    } else {
      this.#resume(task);
      if (task.remaining > 0) {
        this.#startSlice(cpu, task);
        return;
      }
    }
    this.#dispatch(cpu);
  }
}
