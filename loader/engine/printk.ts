// SPDX-License-Identifier: MIT
/**
 * The kernel log and its rate limits.
 * Follows kernel/printk/printk.c and lib/ratelimit.c, Linux 6.12.
 */

import type { Nanos } from '../base/index.ts';
import type { Tracer } from '../events/index.ts';

/** include/linux/kern_levels.h */
export const LOG_LEVEL = { ERR: 3, WARNING: 4, NOTICE: 5, INFO: 6, DEBUG: 7 } as const;
export type LogLevel = (typeof LOG_LEVEL)[keyof typeof LOG_LEVEL];

/**
 * A record is made of at most 1,024 bytes (PRINTKRB_RECORD_MAX, kernel/printk): those of the line, two
 * for its level, which are taken off again, and a terminator.
 */
const RECORD_MAX = 1021;

/** Which function a limiter names when it reports what it swallowed. */
const LIMITER_FUNCTIONS: Readonly<Record<string, string>> = {
  printk: 'alloc_vmap_area',
  execmem: '__execmem_alloc',
  execmem_vmalloc: 'execmem_vmalloc',
};

const SECOND: Nanos = 1_000_000_000;

/** One limiter: at most `burst` passes in each `interval` (___ratelimit, lib/ratelimit.c). */
export class RateLimit {
  readonly interval: Nanos;
  readonly burst: number;
  #begin: Nanos | undefined;
  #printed = 0;
  #missed = 0;

  constructor(interval: Nanos, burst: number) {
    this.interval = interval;
    this.burst = burst;
  }

  /** True when the caller may print at `now`; `missed` is what a just ended interval swallowed. */
  pass(now: Nanos): { readonly ok: boolean; readonly missed: number } {
    let missed = 0;
    if (this.#begin === undefined) {
      this.#begin = now;
    } else if (now - this.#begin > this.interval) {
      missed = this.#missed;
      this.#begin = now;
      this.#printed = 0;
      this.#missed = 0;
    }
    if (this.#printed < this.burst) {
      this.#printed += 1;
      return { ok: true, missed };
    }
    this.#missed += 1;
    return { ok: false, missed };
  }
}

export interface LogLine {
  readonly t: Nanos;
  readonly level: LogLevel;
  readonly text: string;
}

/** Receives each line as it is printed; the running request keeps its own. */
export type LogListener = (line: LogLine) => void;

/** The seam for everything that prints. */
export interface Printk {
  print(level: LogLevel, text: string): void;
  /**
   * Prints when the named limiter allows. `printk` is the global one (10 per 5 s); `warn_alloc`
   * lets one report through per 10 s; any other name gets its own 10 per 5 s. Returns whether it
   * printed; `text` is made only then.
   */
  printLimited(limiter: string, level: LogLevel, text: () => string): boolean;
}

/** The ring of /dev/kmsg; the oldest lines go when it is full. */
export class KernelLog implements Printk {
  readonly #now: () => Nanos;
  readonly #tracer: Tracer;
  readonly #capacity: number;
  readonly #limits = new Map<string, RateLimit>();
  readonly #listeners = new Set<LogListener>();
  #lines: LogLine[] = [];
  #firstSeq = 0;

  constructor(now: () => Nanos, tracer: Tracer, capacity = 16_384) {
    this.#now = now;
    this.#tracer = tracer;
    this.#capacity = capacity;
    // warn_alloc: DEFAULT_RATELIMIT 10 s, burst 1 (mm/page_alloc.c).
    this.#limits.set('warn_alloc', new RateLimit(10 * SECOND, 1));
  }

  print(level: LogLevel, message: string): void {
    const text = message.length > RECORD_MAX ? message.slice(0, RECORD_MAX) : message;
    const line: LogLine = { t: this.#now(), level, text };
    this.#lines.push(line);
    if (this.#lines.length > this.#capacity * 2) {
      const dropped = this.#lines.length - this.#capacity;
      this.#lines = this.#lines.slice(dropped);
      this.#firstSeq += dropped;
    }
    this.#tracer.emit({ kind: 'printk', level, text });
    for (const listener of this.#listeners) listener(line);
  }

  printLimited(limiter: string, level: LogLevel, text: () => string): boolean {
    let limit = this.#limits.get(limiter);
    if (!limit) {
      limit = new RateLimit(5 * SECOND, 10);
      this.#limits.set(limiter, limit);
    }
    const { ok, missed } = limit.pass(this.#now());
    if (missed > 0) {
      const func = LIMITER_FUNCTIONS[limiter] ?? limiter;
      this.print(LOG_LEVEL.WARNING, `${func}: ${missed} callbacks suppressed`);
    }
    if (ok) this.print(level, text());
    return ok;
  }

  listen(listener: LogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lines still in the ring, oldest first, with the sequence number of the first. */
  read(): { readonly firstSeq: number; readonly lines: readonly LogLine[] } {
    const extra = Math.max(0, this.#lines.length - this.#capacity);
    return { firstSeq: this.#firstSeq + extra, lines: this.#lines.slice(extra) };
  }

  /** The text of /dev/kmsg: `level,seq,usec,-;text`. */
  kmsg(): string {
    const { firstSeq, lines } = this.read();
    return lines
      .map((l, i) => `${l.level},${firstSeq + i},${Math.floor(l.t / 1000)},-;${escaped(l.text)}\n`)
      .join('');
  }
}

/** msg_add_ext_text(): what is not printable, and backslashes, as `\xNN`. */
function escaped(text: string): string {
  return text.replace(
    /[^\x20-\x5b\x5d-\x7e]/g,
    (c) => `\\x${(c.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`,
  );
}
