// SPDX-License-Identifier: MIT
/**
 * The text of /sys/kernel/tracing/trace for the events that are tracepoints of the kernel, to lie
 * beside a real one. Follows kernel/trace/trace_output.c, include/trace/events/vmalloc.h and
 * module.h, Linux 6.12.
 */
import { type AddressBase, decimalAddress, formatHex, type Nanos } from '../base/index.ts';
import type { EventSink, TraceEvent } from '../events/index.ts';

export interface FtraceHeader {
  /** Lines that follow (`isFtraceEvent`); they stand in the header, so they are counted first. */
  readonly entries: number;
  /** Events there were, more than `entries` if the buffer overran. Default: as many. */
  readonly written?: number;
  readonly cpus: number;
}

/** The lines before the first event, as a `nop` tracer prints them. */
export function ftraceHeader({ entries, written, cpus }: FtraceHeader): string {
  const counts = `${entries}/${written ?? entries}`;
  return `# tracer: nop
#
# entries-in-buffer/entries-written: ${counts}   #P:${cpus}
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
}

/** Whether the event has a line in a trace: the kernel has a tracepoint for it. */
export function isFtraceEvent(event: TraceEvent): boolean {
  switch (event.kind) {
    case 'alloc_vmap_area':
    case 'free_vmap_area_noflush':
    case 'purge_vmap_area_lazy':
    case 'module_request':
    case 'module_load':
    case 'module_free':
    case 'module_get':
    case 'module_put':
      return true;
    default:
      return false;
  }
}

/** The event's line without its end, or null when the kernel has no tracepoint for it. */
export function formatFtraceLine(space: AddressBase, event: TraceEvent): string | null {
  const text = eventText(space, event);
  if (text === null) return null;
  const { comm, pid } = splitTask(event.task);
  const task = `${comm.padStart(16)}-${String(pid).padEnd(7)}`;
  const cpu = String(event.cpu).padStart(3, '0');
  return `${task} [${cpu}] ${CONTEXT} ${timestamp(event.t)}: ${event.kind}: ${text}`;
}

/**
 * Interrupts on, nothing to reschedule, no interrupt, preemption and migration allowed: in 6.12 all
 * eight tracepoints are reached in process context with no spin lock held.
 */
const CONTEXT = '.....';

function eventText(space: AddressBase, event: TraceEvent): string | null {
  switch (event.kind) {
    case 'alloc_vmap_area':
      // The one decimal address of all, and a colon where the others have an equals sign.
      return (
        `va_start: ${decimalAddress(space, event.va_start)} size=${event.size} ` +
        `align=${event.align} vstart=${formatHex(space, event.vstart)} ` +
        `vend=${formatHex(space, event.vend)} failed=${event.failed}`
      );
    case 'free_vmap_area_noflush':
      return (
        `va_start=${formatHex(space, event.va_start)} nr_lazy=${event.nr_lazy} ` +
        `nr_lazy_max=${event.nr_lazy_max}`
      );
    case 'purge_vmap_area_lazy':
      return (
        `start=${formatHex(space, event.start)} end=${formatHex(space, event.end)} ` +
        `num_purged=${event.num_purged}`
      );
    case 'module_request':
      return `${event.name} wait=${event.wait ? 1 : 0} call_site=${event.call_site}`;
    case 'module_load':
      return `${event.name} ${event.taints}`;
    case 'module_free':
      return event.name;
    case 'module_get':
    case 'module_put':
      return `${event.name} call_site=${event.call_site} refcnt=${event.refcnt}`;
    default:
      return null;
  }
}

/** `comm-pid` cut at its last dash; pid 0 is `<idle>` in a trace. */
function splitTask(task: string): { comm: string; pid: number } {
  const dash = task.lastIndexOf('-');
  const pid = dash < 0 ? Number.NaN : Number(task.slice(dash + 1));
  if (!Number.isInteger(pid)) return { comm: task, pid: 0 };
  return { comm: pid === 0 ? '<idle>' : task.slice(0, dash), pid };
}

/** ` %5lu.%06lu`, nanoseconds rounded to microseconds. */
function timestamp(t: Nanos): string {
  const micros = Math.floor((t + 500) / 1000);
  const seconds = Math.floor(micros / 1_000_000);
  const rest = String(micros % 1_000_000).padStart(6, '0');
  return `${String(seconds).padStart(5)}.${rest}`;
}

/** Writes a trace file in pieces of some 64 KiB; other events are passed over. */
export class FtraceTextWriter implements EventSink {
  readonly #space: AddressBase;
  readonly #write: (chunk: string) => void;
  #pending: string;

  constructor(space: AddressBase, header: FtraceHeader, write: (chunk: string) => void) {
    this.#space = space;
    this.#write = write;
    this.#pending = ftraceHeader(header);
  }

  push(event: TraceEvent): void {
    const line = formatFtraceLine(this.#space, event);
    if (line === null) return;
    this.#pending += `${line}\n`;
    if (this.#pending.length >= 65_536) this.end();
  }

  /** Writes what is left. */
  end(): void {
    if (this.#pending !== '') this.#write(this.#pending);
    this.#pending = '';
  }
}
