// SPDX-License-Identifier: MIT
import { ERRNO, type Nanos } from '../base/index.ts';
import type { Coroutine, Engine, Printk, Rcu } from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import type { KernelFeatures } from '../presets/index.ts';
import { cString } from './c-string.ts';
import { type DupContext, type DupRequests, NO_DUP_REQUESTS } from './dup-requests.ts';
import { DupsTrace } from './dups-trace.ts';
import type { HelperRunner } from './helper-runner.ts';
import { warn } from './kernel-warning.ts';
import { CounterLimiter, type KmodLimiter, SemaphoreLimiter } from './limiter.ts';
import { ModprobePath } from './modprobe-path.ts';
import { RefcountedDups } from './refcounted-dups.ts';
import { V64Dups } from './v64-dups.ts';

export interface RequestModuleOptions {
  readonly engine: Engine;
  readonly log: Printk;
  readonly tracer: Tracer;
  readonly rcu: Rcu;
  readonly features: Pick<KernelFeatures, 'limiter' | 'dups'>;
  readonly wordBits: 32 | 64;
  /** Wake-up of a kernel worker (MachineCosts.worker_ns). */
  readonly workerNs: Nanos;
  readonly helper: HelperRunner;
  readonly path?: ModprobePath;
  readonly dupsTrace?: DupsTrace;
  /** The LSM hook kernel_module_request: 0, or a negative errno that ends the request. */
  readonly security?: (name: string) => number;
  readonly taint?: { add(letter: string): void };
}

export interface RequestModuleCall {
  /** The name as formatted; a NUL ends it. */
  readonly name: string;
  /** request_module() or request_module_nowait(). */
  readonly wait: boolean;
  /** The calling function, as `%ps` prints it: `get_fs_type`, `run_request [test_kmod]`. */
  readonly callSite: string;
  /** The caller runs in an async worker (current_is_async()). */
  readonly fromAsync?: boolean;
}

const HELPER_ENV = ['HOME=/', 'TERM=linux', 'PATH=/sbin:/usr/sbin:/bin:/usr/bin'];

/**
 * request_module() and request_module_nowait() (kernel/module/kmod.c, Linux 6.12; kernel/kmod.c,
 * Linux 6.3, with the counter as limiter).
 * Model: the small allocations on the way never fail.
 */
export class RequestModule {
  readonly path: ModprobePath;
  readonly dupsTrace: DupsTrace;
  readonly limiter: KmodLimiter;
  readonly #options: RequestModuleOptions;
  readonly #dups: DupRequests;
  readonly #nameLen: number;
  #warnedAsync = false;

  constructor(options: RequestModuleOptions) {
    this.#options = options;
    this.path = options.path ?? new ModprobePath();
    this.dupsTrace = options.dupsTrace ?? new DupsTrace();
    // MODULE_NAME_LEN, include/linux/moduleparam.h
    this.#nameLen = 64 - options.wordBits / 8;
    this.limiter =
      options.features.limiter === 'semaphore'
        ? new SemaphoreLimiter(options)
        : new CounterLimiter(options);
    const ctx: DupContext = { ...options, trace: this.dupsTrace };
    this.#dups = {
      off: () => NO_DUP_REQUESTS,
      'v6.4': () => new V64Dups(ctx, options.rcu),
      refcounted: () => new RefcountedDups(ctx),
    }[options.features.dups]();
  }

  /**
   * __request_module() as the current task. 0; a negative errno; or, with `wait`, the wait status
   * of modprobe (256 = exit code 1).
   */
  *request(call: RequestModuleCall): Coroutine<number> {
    const { tracer, security } = this.#options;
    if (call.wait && call.fromAsync) this.#warnAsync();
    if (this.path.path === '') return -ERRNO.ENOENT;
    const name = cString(call.name);
    if (byteLength(name) >= this.#nameLen) return -ERRNO.ENAMETOOLONG;
    const refused = security?.(name) ?? 0;
    if (refused !== 0) return refused;
    const taken = yield* this.limiter.acquire(name);
    if (taken !== 0) return taken;
    tracer.emit({ kind: 'module_request', name, wait: call.wait, call_site: call.callSite });
    const ret =
      (yield* this.#dups.existsWait(name, call.wait)) ?? (yield* this.#callModprobe(name, call));
    this.limiter.release();
    return ret;
  }

  /** call_modprobe() */
  *#callModprobe(name: string, { wait }: RequestModuleCall): Coroutine<number> {
    const ret = yield* this.#options.helper.exec({
      program: this.path,
      args: ['-q', '--', name],
      env: HELPER_ENV,
      wait: wait ? 'proc' : 'exec',
      killable: true,
    });
    yield* this.#dups.announce(name, ret);
    return ret;
  }

  #warnAsync(): void {
    if (this.#warnedAsync) return;
    this.#warnedAsync = true;
    const place =
      this.#options.features.limiter === 'semaphore'
        ? 'kernel/module/kmod.c:143 __request_module'
        : 'kernel/kmod.c:143 __request_module';
    warn(this.#options, place);
  }
}

/** Length in UTF-8, as a name in the kernel is counted. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
