// SPDX-License-Identifier: MIT
/**
 * The way every session is driven: by the storm guest over the module port, and by this loop when
 * there is no guest. Both make the same calls in the same order, so the same program leaves the
 * same bytes.
 */
import type { PortSession, SessionCompletion } from './port-session.ts';

/** What the last request of a drive reads (kernel/module/stats.c, Linux 6.12). */
const STATS_PATH = '/sys/kernel/debug/modules/stats';

export interface DriveResult {
  /** Requests of the program that completed. */
  readonly completed: number;
  /** How many of them returned a negative errno. */
  readonly failed: number;
  /** Requests submitted that can never complete. */
  readonly stuck: number;
  /** The text of STATS_PATH; undefined when every context is stuck or the file cannot be read. */
  readonly stats?: Uint8Array;
}

/**
 * Runs every context's program to its end, then has the first context that is not stuck read
 * STATS_PATH. Tags count up from 0 in each context.
 */
export function driveSession(session: PortSession): DriveResult {
  const steps = driveSteps(session);
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
  }
}

/** The same, one advance at a time, so that a caller may look up in between. */
export function* driveSteps(session: PortSession): Generator<void, DriveResult> {
  const tags = new Uint32Array(session.contexts);
  const waiting = new Uint8Array(session.contexts);
  let completed = 0;
  let failed = 0;
  let stuck = 0;
  let report: { readonly context: number; readonly tag: number } | undefined;
  let stats: Uint8Array | undefined;

  const step = (context: number): void => {
    const operation = session.fetch(context);
    if (operation === undefined) return;
    waiting[context] = 1;
    stuck++;
    session.submit(context, tags[context]!++, operation);
  };
  const handle = ({ context, tag, ret, data }: SessionCompletion): void => {
    if (context === report?.context && tag === report.tag) {
      if (ret >= 0) stats = data;
      return;
    }
    waiting[context] = 0;
    completed++;
    stuck--;
    if (ret < 0) failed++;
    step(context);
  };
  function* drain(): Generator<void, void> {
    for (;;) {
      const completions = session.advance();
      if (completions.length === 0) return;
      for (const completion of completions) handle(completion);
      yield;
    }
  }

  for (let context = 0; context < session.contexts; context++) step(context);
  yield* drain();
  const free = waiting.indexOf(0);
  if (free >= 0) {
    report = { context: free, tag: tags[free]!++ };
    session.submit(free, report.tag, { op: 'read', path: STATS_PATH });
    yield* drain();
  }
  return { completed, failed, stuck, ...(stats === undefined ? {} : { stats }) };
}
