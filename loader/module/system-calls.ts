// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { Coroutine, Engine, KernelLog, LogLine, Task } from '../engine/index.ts';
import type { EventLog } from '../events/index.ts';
import { ModuleCall } from './module-call.ts';

/**
 * The calls into one kernel. Each has a number, an event where it begins, an event where it ends,
 * and the call it was made for.
 */
export class SystemCalls {
  readonly #engine: Engine;
  readonly #events: EventLog;
  #last = 0;
  /** The request that a call of user space was made for. */
  readonly #parents = new Map<number, number>();

  constructor(engine: Engine, events: EventLog) {
    this.#engine = engine;
    this.#events = events;
  }

  /** A number for the next request; events and areas carry it. */
  nextRequest(): number {
    this.#last += 1;
    return this.#last;
  }

  /**
   * One call by the current task, between its `request_begin` and `outcome` events. Resolves to the
   * call's value.
   */
  *run(
    op: string,
    subject: string,
    body: (call: ModuleCall) => Coroutine<number>,
  ): Coroutine<number> {
    const call = this.begin(op, subject, this.nextRequest());
    return this.end(call, (yield this.#engine.enter(body(call))) as number);
  }

  /** The first half of `run`, for callers that are coroutines themselves. */
  begin(op: string, subject: string, request: number): ModuleCall {
    const task = this.#engine.current!;
    const call = new ModuleCall(request, op, subject);
    call.outer = task.request;
    if (call.outer !== 0 && call.outer !== request) this.#parents.set(request, call.outer);
    task.request = request;
    this.#events.emit({ kind: 'request_begin', request, op, subject });
    return call;
  }

  /** The second half: the value as user space sees it. */
  end(call: ModuleCall, value: number): number {
    const { request, op, subject, module, stage, outer } = call;
    const task = this.#engine.current!;
    const ret = userValue(op, task, value);
    this.#events.emit({
      kind: 'outcome',
      request,
      op,
      subject,
      module,
      ret,
      stage,
      wasted: call.wasted,
    });
    task.request = outer;
    this.#parents.delete(request);
    return ret;
  }

  /**
   * Calls `listener` with each line of the kernel log and the request it was printed for: the
   * outermost, when user space made the call that printed. Returns what ends the listening.
   */
  onLog(log: KernelLog, listener: (line: LogLine, request: number) => void): () => void {
    return log.listen((line) => {
      let request = this.#engine.current?.request ?? 0;
      for (;;) {
        const parent = this.#parents.get(request);
        if (parent === undefined) break;
        request = parent;
      }
      listener(line, request);
    });
  }
}

/**
 * What the caller sees of a call that a signal cut short: the handler, installed without SA_RESTART,
 * turns -ERESTARTSYS into -EINTR (handle_signal, arch/x86/kernel/signal.c, Linux 6.12). A task that
 * got no signal, or is killed, keeps the value.
 */
function userValue(op: string, task: Task, ret: number): number {
  if (ret !== -ERRNO.ERESTARTSYS || op === 'request_module' || task.pending !== 'int') return ret;
  return -ERRNO.EINTR;
}
