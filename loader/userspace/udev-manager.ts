// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import { type Coroutine, Fifo, type Task, type Timer, WaitQueue } from '../engine/index.ts';
import type { Libkmod } from './libkmod.ts';
import { type QueuedEvent, UdevQueue } from './udev-queue.ts';
import { UdevWorker } from './udev-worker.ts';
import type { Uevent } from './uevent.ts';

export interface UdevOptions {
  /** Most workers at a time; see `defaultChildrenMax`. */
  readonly childrenMax: number;
  /** An event that takes longer loses its worker to SIGKILL (event_timeout, 180 s). */
  readonly eventTimeout?: Nanos;
}

/** Idle workers are sent away this long after the last event (kill_workers_event). */
const IDLE_TIMEOUT_NS: Nanos = 3_000_000_000;
const EVENT_TIMEOUT_NS: Nanos = 180_000_000_000;

/** What workers and timers tell the manager's event loop. */
type Notice =
  | { readonly kind: 'done' | 'exited'; readonly worker: UdevWorker }
  | { readonly kind: 'idle' };

/**
 * systemd-udevd: one process that queues uevents and hands them to worker processes, which it
 * forks one after the other as long as there are fewer than it may have (src/udev/udevd.c,
 * systemd 252).
 * Model: what workers, children and timers report comes through one source; walking the list of
 * queued events costs nothing; among idle workers the one forked first is chosen (the real choice
 * follows a hash).
 */
export class UdevManager {
  readonly #libkmod: Libkmod;
  readonly #options: UdevOptions;
  readonly #queue = new UdevQueue();
  /** Uevents on the netlink socket. */
  readonly #inbox = new Fifo<Uevent>();
  readonly #notices = new Fifo<Notice>();
  readonly #workers = new Set<UdevWorker>();
  readonly #timeouts = new Map<UdevWorker, Timer>();
  readonly #settled: WaitQueue;
  #idleTimer: Timer | undefined;
  #task: Task | undefined;
  #sleeping = false;
  #idle = 0;
  #mostWorkers = 0;

  constructor(libkmod: Libkmod, options: UdevOptions) {
    if (!(options.childrenMax >= 1)) {
      throw new RangeError(`udev needs at least one worker, not ${options.childrenMax}`);
    }
    this.#libkmod = libkmod;
    this.#options = options;
    this.#settled = new WaitQueue(libkmod.kernel.engine);
  }

  /** Events received and not done with. */
  get pending(): number {
    return this.#queue.size + this.#inbox.length;
  }

  get workers(): number {
    return this.#workers.size;
  }

  /** The most workers there ever were at a time. */
  get mostWorkers(): number {
    return this.#mostWorkers;
  }

  /** kobject_uevent_env(): the current task broadcasts an event and goes on. Always 0. */
  *emit(uevent: Uevent): Coroutine<number> {
    const { engine, costs } = this.#libkmod.kernel;
    yield engine.work(costs.uevent_emit_ns);
    this.receive(uevent);
    return 0;
  }

  /** An event arrives on the netlink socket, at no cost to anybody yet. */
  receive(uevent: Uevent): void {
    const { action, modalias = '' } = uevent;
    this.#libkmod.kernel.tracer.emit({ kind: 'uevent', action, modalias });
    this.#inbox.push(uevent);
    this.#wake();
  }

  /** `udevadm settle`: waits until no event is left. */
  *settle(): Coroutine<void> {
    yield* this.#settled.waitEvent(() => this.pending === 0);
  }

  #post(notice: Notice): void {
    this.#notices.push(notice);
    this.#wake();
  }

  #wake(): void {
    const { engine } = this.#libkmod.kernel;
    if (!this.#task) {
      this.#task = engine.spawn({ comm: 'systemd-udevd' }, () => this.#main());
    } else if (this.#sleeping) {
      this.#sleeping = false;
      engine.wake(this.#task);
    }
  }

  /**
   * The event loop: while both sources have something they take turns, one uevent and then all
   * that the workers have said (sd_event_run, on_uevent, on_worker).
   */
  *#main(): Coroutine<void> {
    const { engine, costs } = this.#libkmod.kernel;
    let workersTurn: boolean = true;
    for (;;) {
      const fromWorkers: boolean = workersTurn && this.#notices.length > 0;
      const uevent: Uevent | undefined = fromWorkers ? undefined : this.#inbox.shift();
      if (uevent) {
        yield engine.work(costs.udev_receive_ns);
        this.#queue.insert(uevent);
      } else if (this.#notices.length === 0) {
        this.#sleeping = true;
        yield engine.block('uninterruptible');
        yield engine.work(costs.wakeup_ns);
        continue;
      }
      workersTurn = uevent !== undefined;
      if (!uevent) yield* this.#takeNotices();
      yield* this.#startEvents();
      this.#afterwards();
    }
  }

  *#takeNotices(): Coroutine<void> {
    for (let notice = this.#notices.shift(); notice; notice = this.#notices.shift()) {
      yield* this.#handle(notice);
    }
  }

  *#handle(notice: Notice): Coroutine<void> {
    const { engine, costs } = this.#libkmod.kernel;
    switch (notice.kind) {
      case 'done':
        yield engine.work(costs.udev_notify_ns);
        this.#detach(notice.worker);
        return;
      case 'exited':
        // on_sigchld(): the event of a killed worker is given up.
        yield engine.work(costs.udev_notify_ns);
        this.#detach(notice.worker);
        this.#workers.delete(notice.worker);
        return;
      case 'idle':
        for (const worker of this.#workers) worker.terminate();
        this.#idle = 0;
    }
  }

  /** The worker is free again, unless it is to die. */
  #detach(worker: UdevWorker): void {
    const { event } = worker;
    if (event) {
      worker.event = undefined;
      this.#queue.remove(event);
      event.uevent.processed?.();
    }
    const timeout = this.#timeouts.get(worker);
    if (timeout) this.#libkmod.kernel.engine.cancel(timeout);
    this.#timeouts.delete(worker);
    if (worker.state !== 'running') return;
    worker.state = 'idle';
    this.#idle += 1;
  }

  /** event_queue_start(): gives out all that may start, to idle workers and then to new ones. */
  *#startEvents(): Coroutine<void> {
    const { engine, costs } = this.#libkmod.kernel;
    while (this.#queue.hasReady) {
      if (this.#idle === 0 && this.#workers.size >= this.#options.childrenMax) return;
      this.#stopIdleTimer();
      const event = this.#queue.takeReady()!;
      if (this.#idle > 0) {
        yield engine.work(costs.udev_dispatch_ns);
        const worker = this.#takeIdle();
        this.#attach(worker, event);
        worker.send(event);
      } else {
        yield engine.work(costs.udev_fork_ns);
        this.#attach(this.#fork(event), event);
      }
    }
  }

  #takeIdle(): UdevWorker {
    for (const worker of this.#workers) {
      if (worker.state !== 'idle') continue;
      worker.state = 'running';
      this.#idle -= 1;
      return worker;
    }
    throw new Error('no idle worker where one was counted');
  }

  #fork(event: QueuedEvent): UdevWorker {
    const worker = new UdevWorker(
      this.#libkmod,
      event,
      (done) => this.#post({ kind: 'done', worker: done }),
      (exited) => this.#post({ kind: 'exited', worker: exited }),
    );
    this.#workers.add(worker);
    this.#mostWorkers = Math.max(this.#mostWorkers, this.#workers.size);
    return worker;
  }

  /** worker_attach_event(): from now on the clock runs. */
  #attach(worker: UdevWorker, event: QueuedEvent): void {
    const { engine } = this.#libkmod.kernel;
    const timer = engine.after(this.#options.eventTimeout ?? EVENT_TIMEOUT_NS, () => {
      this.#timeouts.delete(worker);
      if (worker.event !== event) return;
      worker.state = 'killed';
      engine.signal(worker.task, 'kill');
    });
    this.#timeouts.set(worker, timer);
  }

  /** on_post(): with nothing left, whoever waits is told and idle workers are sent away later. */
  #afterwards(): void {
    if (this.pending > 0) return;
    this.#settled.wakeAll();
    if (this.#workers.size === 0 || this.#idleTimer) return;
    const { engine } = this.#libkmod.kernel;
    this.#idleTimer = engine.after(
      IDLE_TIMEOUT_NS,
      () => {
        this.#idleTimer = undefined;
        this.#post({ kind: 'idle' });
      },
      true,
    );
  }

  #stopIdleTimer(): void {
    if (this.#idleTimer) this.#libkmod.kernel.engine.cancel(this.#idleTimer);
    this.#idleTimer = undefined;
  }
}
