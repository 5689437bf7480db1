// SPDX-License-Identifier: MIT
/**
 * Reads a real trace file (/sys/kernel/tracing/trace, or what trace-cmd report prints of one): the
 * vmalloc and module events. Events of other kinds are counted and passed over.
 */
import { type AddressBase, type Nanos, readAddress } from '../base/index.ts';
import type { EventBody, EventSink, EventStamp } from '../events/index.ts';
import { LineSplitter } from './line-splitter.ts';

/** Longer lines are no events. */
const MAX_LINE = 4096;
/** Different names of unknown events that are kept apart. */
const MAX_UNKNOWN = 1000;

/** comm-pid, perhaps (tgid), [cpu], perhaps the five letters of context, time, event. */
const LINE =
  /^\s*(.*?)-(\d+)\s+(?:\(\s*(?:\d+|-+)\)\s+)?\[(\d+)\]\s+(?:[^\s\d.][^\s]{3,5}\s+|\.[^\s]{3,5}\s+)?(\d+)(?:\.(\d{6}|\d{9}))?:\s+(.*)$/;

interface EventFormat {
  /** As the kernel prints it, for messages. */
  readonly shape: string;
  readonly pattern: RegExp;
  /** The body, or null when a number is out of range. */
  readonly body: (space: AddressBase, found: readonly string[]) => EventBody | null;
}

const FORMATS: ReadonlyMap<string, EventFormat> = new Map<string, EventFormat>([
  [
    'alloc_vmap_area',
    {
      shape: 'va_start: %lu size=%lu align=%lu vstart=0x%lx vend=0x%lx failed=%d',
      pattern:
        /^va_start: (\d+) size=(\d+) align=(\d+) vstart=(0x[0-9a-f]+) vend=(0x[0-9a-f]+) failed=([01])$/,
      body: (space, [va, size, align, start, end, failed]) => {
        const va_start = readAddress(space, va!);
        const vstart = readAddress(space, start!);
        const vend = readAddress(space, end!);
        const sizes = numbers(size!, align!);
        if (va_start === undefined || vstart === undefined || vend === undefined || !sizes) {
          return null;
        }
        return {
          kind: 'alloc_vmap_area',
          va_start,
          size: sizes[0]!,
          align: sizes[1]!,
          vstart,
          vend,
          failed: failed === '1' ? 1 : 0,
        };
      },
    },
  ],
  [
    'free_vmap_area_noflush',
    {
      shape: 'va_start=0x%lx nr_lazy=%lu nr_lazy_max=%lu',
      pattern: /^va_start=(0x[0-9a-f]+) nr_lazy=(\d+) nr_lazy_max=(\d+)$/,
      body: (space, [va, lazy, max]) => {
        const va_start = readAddress(space, va!);
        const pages = numbers(lazy!, max!);
        if (va_start === undefined || !pages) return null;
        return {
          kind: 'free_vmap_area_noflush',
          va_start,
          nr_lazy: pages[0]!,
          nr_lazy_max: pages[1]!,
        };
      },
    },
  ],
  [
    'purge_vmap_area_lazy',
    {
      shape: 'start=0x%lx end=0x%lx num_purged=%u',
      pattern: /^start=(0x[0-9a-f]+) end=(0x[0-9a-f]+) num_purged=(\d+)$/,
      body: (space, [from, to, count]) => {
        const start = readAddress(space, from!);
        const end = readAddress(space, to!);
        const purged = numbers(count!);
        if (start === undefined || end === undefined || !purged) return null;
        return { kind: 'purge_vmap_area_lazy', start, end, num_purged: purged[0]! };
      },
    },
  ],
  [
    'module_request',
    {
      shape: '%s wait=%d call_site=%ps',
      pattern: /^(.*) wait=([01]) call_site=(.*)$/,
      body: (_, [name, wait, callSite]) => ({
        kind: 'module_request',
        name: name!,
        wait: wait === '1',
        call_site: callSite!,
      }),
    },
  ],
  [
    'module_load',
    {
      shape: '%s %s',
      pattern: /^(\S+) ?([A-Z]*)$/,
      body: (_, [name, taints]) => ({ kind: 'module_load', name: name!, taints: taints! }),
    },
  ],
  [
    'module_free',
    {
      shape: '%s',
      pattern: /^(\S+)$/,
      body: (_, [name]) => ({ kind: 'module_free', name: name! }),
    },
  ],
  ['module_get', reference('module_get')],
  ['module_put', reference('module_put')],
]);

function reference(kind: 'module_get' | 'module_put'): EventFormat {
  return {
    shape: '%s call_site=%ps refcnt=%d',
    pattern: /^(\S+) call_site=(.*) refcnt=(-?\d+)$/,
    body: (_, [name, callSite, refcnt]) => ({
      kind,
      name: name!,
      call_site: callSite!,
      refcnt: Number(refcnt),
    }),
  };
}

function numbers(...texts: readonly string[]): number[] | null {
  const values = texts.map(Number);
  return values.every(Number.isSafeInteger) ? values : null;
}

/**
 * Reads a trace piece by piece and hands on the events it knows, numbered from 0, times in ns (a
 * trace has microseconds). A clock that counts (`x86-tsc`, `counter`) is taken as nanoseconds.
 */
export class FtraceTextReader {
  readonly #space: AddressBase;
  readonly #sink: EventSink;
  readonly #lines = new LineSplitter();
  readonly #unknown = new Map<string, number>();
  #events = 0;
  #lost = 0;
  #t = 0;
  #problem: string | null = null;

  constructor(space: AddressBase, sink: EventSink) {
    this.#space = space;
    this.#sink = sink;
  }

  /** Events handed on. */
  get events(): number {
    return this.#events;
  }

  /** Events the kernel says it lost, where it counts them; else 1 for each gap. */
  get lost(): number {
    return this.#lost;
  }

  /** Events passed over, by name; a system call by its function. */
  get unknown(): ReadonlyMap<string, number> {
    return this.#unknown;
  }

  /** Takes the next piece. Null, or what is wrong with the file; nothing is read after that. */
  feed(chunk: string): string | null {
    if (this.#problem === null) this.#lines.feed(chunk, (line, n) => this.#line(line, n));
    return this.#problem;
  }

  /** Takes a last line without an end. */
  end(): string | null {
    if (this.#problem === null) this.#lines.end((line, n) => this.#line(line, n));
    return this.#problem;
  }

  #line(line: string, number: number): boolean {
    if (line.length > MAX_LINE || line.startsWith('#')) return true;
    const lost = /^CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]/.exec(line);
    if (lost) {
      this.#lost += Number(lost[1] ?? 1);
      return true;
    }
    const head = LINE.exec(line);
    if (head === null) return true;
    const [, comm, pid, cpu, seconds, fraction, rest] = head;
    const named = /^(\w+): *(.*)$/.exec(rest!);
    const format = named === null ? undefined : FORMATS.get(named[1]!);
    if (named === null || format === undefined) {
      this.#countUnknown(named?.[1] ?? /^\w+/.exec(rest!)?.[0] ?? 'other');
      return true;
    }
    const found = format.pattern.exec(named[2]!);
    const body = found === null ? null : format.body(this.#space, found.slice(1));
    if (body === null) {
      const where = `line ${number}: ${named[1]}`;
      return this.#fail(`${where}: expected "${format.shape}", found "${named[2]!.slice(0, 100)}"`);
    }
    const t = nanos(seconds!, fraction);
    if (t < this.#t) {
      return this.#fail(
        `line ${number}: expected a time from ${this.#t} ns on, found ${t} ns (lines out of order?)`,
      );
    }
    this.#t = t;
    const idle = pid === '0' && comm === '<idle>';
    const stamp: EventStamp = {
      seq: this.#events++,
      t,
      cpu: Number(cpu),
      task: idle ? `swapper/${Number(cpu)}-0` : `${comm}-${pid}`,
    };
    this.#sink.push({ ...stamp, ...body });
    return true;
  }

  #countUnknown(name: string): void {
    const known = this.#unknown.has(name) || this.#unknown.size < MAX_UNKNOWN;
    const key = known ? name : 'other';
    this.#unknown.set(key, (this.#unknown.get(key) ?? 0) + 1);
  }

  #fail(message: string): false {
    this.#problem = message;
    return false;
  }
}

function nanos(seconds: string, fraction: string | undefined): Nanos {
  if (fraction === undefined) return Number(seconds);
  return Number(seconds) * 1_000_000_000 + Number(fraction.padEnd(9, '0'));
}
