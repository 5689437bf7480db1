// SPDX-License-Identifier: MIT
import type { Coroutine, Engine, Task } from '../engine/index.ts';
import { kmodLoad } from './kmod-load.ts';
import type { Libkmod } from './libkmod.ts';
import type { QueuedEvent } from './udev-queue.ts';
import { namesToLoad } from './uevent.ts';

/** As the manager sees it (enum worker_state, src/udev/udevd.c, systemd 252). */
export type UdevWorkerState = 'running' | 'idle' | 'killed';

/** One worker process: takes the events the manager sends it, one at a time. */
export class UdevWorker {
  readonly #libkmod: Libkmod;
  readonly #notify: (worker: UdevWorker) => void;
  readonly task: Task;
  state: UdevWorkerState = 'running';
  /** The event it was given and has not answered for. */
  event: QueuedEvent | undefined;
  /** Sent, and not yet taken up. */
  #inbox: QueuedEvent | undefined;
  #terminated = false;

  /** `exited` is called when the process has ended. */
  constructor(
    libkmod: Libkmod,
    first: QueuedEvent,
    notify: (worker: UdevWorker) => void,
    exited: (worker: UdevWorker) => void,
  ) {
    this.#libkmod = libkmod;
    this.#notify = notify;
    this.event = first;
    this.#inbox = first;
    const { engine } = libkmod.kernel;
    this.task = engine.spawn({ comm: '(udev-worker)' }, () => this.#main(exited));
  }

  get #engine(): Engine {
    return this.#libkmod.kernel.engine;
  }

  /** The manager sends an idle worker its next event. */
  send(event: QueuedEvent): void {
    this.event = event;
    this.#inbox = event;
    this.#wake();
  }

  /** SIGTERM: ends once it is idle. */
  terminate(): void {
    this.state = 'killed';
    this.#terminated = true;
    this.#wake();
  }

  #wake(): void {
    if (this.task.state === 'blocked' && this.#waiting) {
      this.#waiting = false;
      this.#engine.wake(this.task);
    }
  }

  /** It waits for a message, not inside some system call. */
  #waiting = false;

  *#main(exited: (worker: UdevWorker) => void): Coroutine<void> {
    const { costs, tracer } = this.#libkmod.kernel;
    const { pid, comm } = this.#engine.current!;
    yield this.#engine.work(costs.udev_worker_start_ns);
    while (!this.#killed) {
      const event = this.#inbox;
      if (event) {
        this.#inbox = undefined;
        yield* this.#process(event);
        if (this.#killed) break;
        this.#notify(this);
      } else if (this.#terminated) {
        break;
      } else {
        this.#waiting = true;
        yield this.#engine.block('killable', () => {
          this.#waiting = false;
        });
        yield this.#engine.work(costs.wakeup_ns);
      }
    }
    yield this.#engine.work(costs.process_exit_ns);
    tracer.emit({ kind: 'process', op: 'exit', comm, pid, status: this.#killed ? 9 : 0 });
    exited(this);
  }

  get #killed(): boolean {
    return this.#engine.current?.pending === 'kill';
  }

  /** worker_process_device(): rules, modules, the device's record. */
  *#process({ uevent }: QueuedEvent): Coroutine<void> {
    const { costs } = this.#libkmod.kernel;
    const paths = costs.udev_rules_paths;
    yield* this.#libkmod.kernel.sysfs(paths, costs.udev_rules_ns / paths);
    if (costs.udev_rules_wait_ns > 0) {
      yield* this.#engine.sleep(costs.udev_rules_wait_ns, 'killable');
      if (this.#killed) return;
    }
    for (const name of namesToLoad(uevent)) {
      yield* kmodLoad(this.#libkmod, name);
      if (this.#killed) return;
    }
    yield this.#engine.work(costs.udev_finish_ns);
  }
}
