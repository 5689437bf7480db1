// SPDX-License-Identifier: MIT
/**
 * Requests for a name that was asked for already share the first one's answer
 * (CONFIG_MODULE_DEBUG_AUTOLOAD_DUPS, kernel/module/dups.c).
 */

import type { Nanos } from '../base/index.ts';
import {
  type Completion,
  type Coroutine,
  type Engine,
  LOG_LEVEL,
  type Printk,
  type Task,
} from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import type { DupsTrace } from './dups-trace.ts';
import { type WarnContext, warn } from './kernel-warning.ts';

/**
 * How long an answer is kept: 60 * HZ from the first completion.
 * Model: to the nanosecond; the timer wheel adds up to 512 ticks (kernel/time/timer.c, Linux 6.12).
 */
export const DUP_RETENTION_NS: Nanos = 60_000_000_000;

export interface DupContext extends WarnContext {
  readonly engine: Engine;
  readonly log: Printk;
  readonly tracer: Tracer;
  readonly trace: DupsTrace;
  /** Wake-up of a kernel worker, ns. */
  readonly workerNs: Nanos;
}

export interface DupRequests {
  /** kmod_dup_request_exists_wait(): undefined when the caller has to do the work itself. */
  existsWait(name: string, wait: boolean): Coroutine<number | undefined>;
  /** kmod_dup_request_announce() */
  announce(name: string, ret: number): Coroutine<void>;
}

/** The kernel without duplicate tracking: nothing is ever a duplicate. */
export const NO_DUP_REQUESTS: DupRequests = {
  // biome-ignore lint/correctness/useYield: a coroutine that never waits
  *existsWait() {
    return undefined;
  },
  *announce() {},
};

/** What every duplicate is told. */
export function reportDuplicate(ctx: DupContext, name: string): void {
  const text = `module-autoload: duplicate request for module ${name}`;
  if (ctx.trace.on) warn(ctx, 'kernel/module/dups.c:174 kmod_dup_request_exists_wait', text);
  else ctx.log.print(LOG_LEVEL.WARNING, `module: ${text}`);
}

export function traceDup(
  ctx: DupContext,
  name: string,
  role: 'anchor' | 'wait' | 'nowait' | 'announce' | 'expire',
  ret: number,
): void {
  ctx.tracer.emit({ kind: 'dup_request', name, role, ret });
}

/** Waits for the first request of a name; false when the caller was killed. */
export function* waitForAnchor(
  { engine }: DupContext,
  name: string,
  { done, anchor }: { readonly done: Completion; readonly anchor: Task },
): Coroutine<boolean> {
  const task = engine.current!;
  task.reason = { what: `the first request for ${name}`, on: () => [anchor] };
  const ended = yield* done.wait('killable');
  task.reason = undefined;
  return ended;
}
