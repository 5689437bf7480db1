// SPDX-License-Identifier: MIT
import { ERRNO, type Nanos } from '../base/index.ts';
import { Completion, type Coroutine, type Engine, type Task } from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import type { UserspaceCosts } from '../presets/index.ts';
import type { HelperCall, HelperRunner } from './helper-runner.ts';

/**
 * A program: what it does as the current task, from its start to its wait status (exit code × 256,
 * or the number of the signal that ended it).
 */
export type HelperProgram = (argv: readonly string[], env: readonly string[]) => Coroutine<number>;

/** What stands at a path when it is executed: a program, or the errno exec fails with. */
export type ExecTarget =
  | HelperProgram
  | { readonly errno: number }
  /** A file of a format that no handler takes: bytes 2 and 3, as `binfmt-%04x` prints them. */
  | { readonly format: string };

export interface UsermodeHelperOptions {
  readonly engine: Engine;
  readonly tracer: Tracer;
  readonly costs: Pick<
    UserspaceCosts,
    'helper_fork_ns' | 'exec_ns' | 'process_exit_ns' | 'wakeup_ns'
  >;
  /** Wake-up of a kernel worker (MachineCosts.worker_ns). */
  readonly workerNs: Nanos;
  readonly execTarget: (path: string) => ExecTarget;
  /** request_module() of a handler for a format, before exec fails (search_binary_handler, fs/exec.c). */
  readonly requestFormat?: (name: string) => Coroutine<number>;
  /** CONFIG_STATIC_USERMODEHELPER_PATH; '' turns every helper into a successful nothing. */
  readonly staticPath?: string;
}

/**
 * call_usermodehelper_exec() (kernel/umh.c, Linux 6.12): an unbound worker makes a child, the
 * child executes the program, the caller is let go at exec or at the end.
 */
export class UsermodeHelper implements HelperRunner {
  readonly #options: UsermodeHelperOptions;
  /** Early boot and suspend: every call fails with -EBUSY. */
  disabled = false;
  /** Helpers that run, from exec to exit. */
  readonly running = new Set<Task>();

  constructor(options: UsermodeHelperOptions) {
    this.#options = options;
  }

  *exec(call: HelperCall): Coroutine<number> {
    const { engine } = this.#options;
    if (this.disabled) return -ERRNO.EBUSY;
    if (this.#path(call) === '') return 0;
    const done = new Completion(engine);
    const answer = { ret: 0 };
    const request = engine.current?.request ?? 0;
    const worker = engine.spawn({ comm: 'kworker/u1:1' }, () => this.#work(call, answer, done));
    worker.request = request;
    if (call.wait === 'none') return 0;
    const task = engine.current!;
    const words = call.args.filter((arg) => !arg.startsWith('-')).join(' ');
    const what = `the program it asked for: ${call.program.path} ${words}`;
    task.reason = { what, on: () => [worker] };
    const answered = yield* done.wait(call.killable ? 'killable' : 'uninterruptible');
    task.reason = undefined;
    return answered ? answer.ret : -ERRNO.ERESTARTSYS;
  }

  /** call_usermodehelper_exec_work(): for `proc` the worker waits for the child. */
  *#work(call: HelperCall, answer: { ret: number }, done: Completion): Coroutine<void> {
    const { engine, costs, workerNs } = this.#options;
    yield engine.work(workerNs + costs.helper_fork_ns);
    const child = engine.spawn({ comm: 'kworker/u1:1' }, () => this.#child(call, answer, done));
    child.request = engine.current!.request;
    if (call.wait !== 'proc') return;
    const status = (yield* engine.join(child)) as number;
    if (status !== 0) answer.ret = status;
    yield engine.work(costs.wakeup_ns);
    done.complete();
  }

  /** call_usermodehelper_exec_async(): returns the wait status; a failed exec exits with 0. */
  *#child(call: HelperCall, answer: { ret: number }, done: Completion): Coroutine<number> {
    const { engine, tracer, costs } = this.#options;
    yield engine.work(costs.exec_ns);
    const path = this.#path(call);
    const target = path === '' ? { errno: ERRNO.ENOENT } : this.#options.execTarget(path);
    const failed = typeof target !== 'function';
    if (failed && 'format' in target) {
      const { requestFormat } = this.#options;
      if (requestFormat) yield* requestFormat(`binfmt-${target.format}`);
    }
    if (failed) answer.ret = -('format' in target ? ERRNO.ENOEXEC : target.errno);
    if (call.wait !== 'proc') done.complete();
    if (failed) return 0;
    const task = engine.current!;
    // TASK_COMM_LEN, include/linux/sched.h
    task.rename(path.slice(path.lastIndexOf('/') + 1).slice(0, 15));
    const { pid, comm } = task;
    tracer.emit({ kind: 'process', op: 'exec', comm, pid, status: 0 });
    this.running.add(task);
    const status = yield* target([call.program.path, ...call.args], call.env);
    this.running.delete(task);
    yield engine.work(costs.process_exit_ns);
    tracer.emit({ kind: 'process', op: 'exit', comm, pid, status });
    return status;
  }

  #path(call: HelperCall): string {
    return this.#options.staticPath ?? call.program.path;
  }
}
