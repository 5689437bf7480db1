// SPDX-License-Identifier: MIT
import type { CpuId, Nanos } from '../base/index.ts';
import { Cpu, IdleSet, RunQueue } from './cpu.ts';
import type { EventQueue } from './event-queue.ts';
import type { Task } from './task.ts';

/**
 * Which task has which CPU, and for how long.
 *
 * Model: CPUs are shared first come first served with a time slice, tasks of SCHED_IDLE behind all
 * others; a task that may migrate runs on the idle CPU with the lowest number.
 */
export class Scheduler {
  readonly cpus: readonly Cpu[];
  readonly #queue: EventQueue;
  readonly #resume: (task: Task) => void;
  readonly #idle: IdleSet;
  readonly #shared = new RunQueue();
  readonly #timeslice: Nanos;
  #enqueueSeq = 0;
  #online: number;

  /** `resume` runs a task's code up to its next suspension. */
  constructor(cpus: number, timeslice: Nanos, queue: EventQueue, resume: (task: Task) => void) {
    const dispatch = (cpu: Cpu): void => this.#dispatch(cpu);
    const endSlice = (cpu: Cpu): void => this.#endSlice(cpu);
    this.cpus = Array.from({ length: cpus }, (_, id) => new Cpu(id, dispatch, endSlice));
    this.#queue = queue;
    this.#resume = resume;
    this.#idle = new IdleSet(cpus);
    for (const cpu of this.cpus) this.#idle.add(cpu.id);
    this.#timeslice = timeslice;
    this.#online = cpus;
  }

  get onlineCpus(): number {
    return this.#online;
  }

  /** The idle CPU with the lowest number. */
  get idleCpu(): CpuId | undefined {
    return this.#idle.first();
  }

  /** A new task that the running one of `cpu` gives way to at its next chance. */
  preempt(cpu: Cpu, task: Task): void {
    task.cpu = cpu.id;
    task.state = 'runnable';
    task.enqueued = this.#enqueueSeq++;
    cpu.queue.push(task);
    cpu.preempt = true;
  }

  /** The running task waits behind one that it has to give way to, if there is one. */
  giveWay(task: Task): void {
    const cpu = this.cpus[task.cpu]!;
    if (cpu.preempt) this.#putBack(cpu, task);
  }

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
      else this.enqueue(task);
    }
  }

  /** Makes a task runnable, on an idle CPU if it may run there. */
  enqueue(task: Task): void {
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
    if (running.state === 'working' && cpu.sliceTimer?.fire) this.#cutSlice(cpu, this.#queue.now);
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
    this.#queue.push(this.#queue.now, cpu.dispatch);
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

  #startSlice(cpu: Cpu, task: Task): void {
    task.state = 'working';
    cpu.sliceStart = this.#queue.now;
    if (cpu.preempt) {
      cpu.preempt = false;
      cpu.sliceTimer = this.#queue.push(this.#queue.now, cpu.endSlice);
      return;
    }
    const contended = cpu.queue.length > 0 || this.#shared.length > 0;
    const slice = contended ? Math.min(task.remaining, this.#timeslice) : task.remaining;
    cpu.sliceTimer = this.#queue.push(this.#queue.now + slice, cpu.endSlice);
  }

  /** Somebody now waits for this CPU: the running task may keep it for one time slice in all. */
  #limitSlice(cpu: Cpu): void {
    const task = cpu.running;
    const timer = cpu.sliceTimer;
    if (!task || !timer?.fire || task.state !== 'working') return;
    const end = Math.max(this.#queue.now, cpu.sliceStart + this.#timeslice);
    if (timer.at > end) this.#cutSlice(cpu, end);
  }

  #endSlice(cpu: Cpu): void {
    const task = cpu.running!;
    const spent = this.#queue.now - cpu.sliceStart;
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
