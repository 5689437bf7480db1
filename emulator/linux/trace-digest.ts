// SPDX-License-Identifier: MIT
// What the trace of a guest's run says: allocator events with who caused them, what each module's
// own init did, and the values of system calls whose process did not live to report them.

import { type ForeignEvent, ForeignEvents } from './foreign-events.ts';
import type { ObservedEvent, ObservedInit } from './observed.ts';
import { syscallValue, type TraceLine } from './trace-lines.ts';

/** Tracepoints a run needs. */
export const TRACE_EVENTS: readonly string[] = [
  'vmalloc',
  'module/module_load',
  'module/module_free',
  'module/module_get',
  'module/module_put',
  'initcall',
  'printk/console',
  ...['finit_module', 'init_module', 'delete_module'].flatMap((call) => [
    `syscalls/sys_enter_${call}`,
    `syscalls/sys_exit_${call}`,
  ]),
];

const ALLOC = /^va_start: (\d+) size=(\d+) align=(\d+) vstart=(\w+) vend=(\w+) failed=([01])$/;
const FREE = /^va_start=0x([0-9a-f]+) nr_lazy=\d+ nr_lazy_max=\d+$/;

interface OpenInit {
  readonly module: string;
  readonly startUs: number;
  /** Filled in when it ends. */
  readonly init: { -readonly [K in keyof ObservedInit]: ObservedInit[K] };
  readonly areas: { va: number; size: number; align: number; freed: boolean }[];
  readonly freed: number[];
  readonly refused: number[];
  /** Size of a search that has failed once. */
  retrying: number | undefined;
  readonly holds: Record<string, number>;
}

/** A function of a module's own that prints. */
export interface Printer {
  readonly log: string[];
}

/** A piece of the kernel's log as it was printed: a line, or a part that goes on one. */
export interface Printed {
  readonly text: string;
  readonly step: number;
  /** Null: the kernel itself. */
  readonly by: Printer | null;
  /** Whether its task was inside a module system call. */
  readonly calling: boolean;
}

export interface DigestedStep {
  readonly events: ObservedEvent[];
  readonly inits: ObservedInit[];
  /** What tasks printed, in order, by pid. */
  readonly printed: ReadonlyMap<number, readonly Printed[]>;
  /** Values of module system calls in the order they returned, by pid. */
  readonly returned: ReadonlyMap<number, readonly number[]>;
  /**
   * By module, references that neither the loader nor an init took or dropped: workers did, or an
   * exit beyond what its init had taken.
   */
  readonly references: ReadonlyMap<string, number>;
  /** What tasks outside module system calls did to the address space. */
  readonly foreign: readonly ForeignEvent[];
}

/** Reads the steps' traces in order; areas are remembered from step to step. */
export class TraceDigest {
  /** Modules whose inits are modelled themselves: what they do is the task's own. */
  readonly #modelled: ReadonlySet<string>;
  /** What modules' exits printed. */
  readonly exits: Printer = { log: [] };
  /** Areas that modules' inits took and still have: by address, the module. */
  readonly #owned = new Map<number, string>();
  readonly #open = new Map<number, OpenInit>();
  readonly #foreign = new ForeignEvents();
  /** The module each task loaded last: by now the trace has no name for its init function. */
  readonly #loading = new Map<number, string>();
  #references = 0;
  /** Tasks inside one of the module system calls. */
  readonly #calling = new Set<number>();
  /** Tasks inside delete_module, before the module's memory is freed. */
  readonly #exiting = new Map<number, number>();
  /** The last init of each module. */
  readonly #last = new Map<string, OpenInit['init']>();

  constructor(modelled: ReadonlySet<string> = new Set()) {
    this.#modelled = modelled;
  }

  step(index: number, lines: readonly TraceLine[]): DigestedStep {
    const events: ObservedEvent[] = [];
    const inits: ObservedInit[] = [];
    const returned = new Map<number, number[]>();
    const printed = new Map<number, Printed[]>();
    const references = new Map<string, number>();
    for (const line of lines) {
      switch (line.name) {
        case 'module_load':
          this.#loading.set(line.pid, line.text.split(' ')[0]!);
          break;
        case 'initcall_start':
          this.#initStart(index, line);
          break;
        case 'initcall_finish':
          this.#initFinish(line, inits);
          break;
        case 'console': {
          if (line.interrupt) break;
          const list = printed.get(line.pid) ?? [];
          printed.set(line.pid, list);
          const exiting = this.#exiting.has(line.pid) ? this.exits : null;
          list.push({
            text: line.text,
            step: index,
            by: this.#open.get(line.pid)?.init ?? exiting,
            calling: this.#calling.has(line.pid),
          });
          break;
        }
        case 'sys_enter':
          this.#calling.add(line.pid);
          if (line.text.startsWith('sys_delete_module(')) this.#exiting.set(line.pid, line.timeUs);
          break;
        case 'module_free':
          this.#exited(line, references);
          break;
        case 'module_get':
        case 'module_put':
          this.#reference(line, references);
          break;
        case 'sys_exit': {
          const value = syscallValue(line);
          this.#exiting.delete(line.pid);
          this.#calling.delete(line.pid);
          if (value === null) break;
          const list = returned.get(line.pid) ?? [];
          returned.set(line.pid, [...list, value.ret]);
          break;
        }
        case 'alloc_vmap_area':
        case 'free_vmap_area_noflush':
        case 'purge_vmap_area_lazy':
          events.push(this.#event(line.name, line));
          break;
      }
    }
    const foreign = this.#foreign.take();
    return { events, inits, printed, returned, references, foreign };
  }

  /** How many references were taken and dropped by others than the loader. */
  get references(): number {
    return this.#references;
  }

  #initStart(step: number, line: TraceLine): void {
    const module = this.#loading.get(line.pid);
    if (module === undefined || this.#modelled.has(module)) return;
    const init = {
      step,
      module,
      ret: 0,
      durationUs: 0,
      exitUs: 0,
      areas: [],
      initFreed: [],
      refused: [],
      exitFreed: [],
      holds: {},
      log: [],
    };
    this.#open.set(line.pid, {
      module,
      startUs: line.timeUs,
      init,
      areas: [],
      freed: [],
      refused: [],
      retrying: undefined,
      holds: {},
    });
  }

  #initFinish(line: TraceLine, inits: ObservedInit[]): void {
    const open = this.#open.get(line.pid);
    this.#open.delete(line.pid);
    const ret = /ret=(-?\d+)$/.exec(line.text);
    if (open === undefined || ret === null) return;
    const { init } = open;
    init.ret = Number(ret[1]);
    init.durationUs = line.timeUs - open.startUs;
    init.areas = open.areas;
    init.refused = open.refused;
    init.initFreed = open.freed;
    init.holds = open.holds;
    inits.push(init);
    this.#last.set(open.module, init);
  }

  /**
   * A reference that the loader itself takes or drops is not noted: it does so inside the system
   * calls, but not while a module's init or exit runs.
   */
  #reference({ pid, name, text }: TraceLine, references: Map<string, number>): void {
    const open = this.#open.get(pid);
    if (open === undefined && this.#calling.has(pid) && !this.#exiting.has(pid)) return;
    this.#references += 1;
    const module = text.split(' ')[0]!;
    const change = name === 'module_get' ? 1 : -1;
    if (open === undefined) addTo(references, module, change);
    else open.holds[module] = (open.holds[module] ?? 0) + change;
  }

  /** The end of a module's exit, which is expected to drop what init took. */
  #exited({ pid, text, timeUs }: TraceLine, references: Map<string, number>): void {
    const since = this.#exiting.get(pid);
    this.#exiting.delete(pid);
    const last = this.#last.get(text);
    if (since === undefined || last === undefined) return;
    last.exitUs = timeUs - since;
    for (const [module, times] of Object.entries(last.holds)) addTo(references, module, times);
  }

  #event(kind: ObservedEvent['kind'], line: TraceLine): ObservedEvent {
    const open = this.#open.get(line.pid);
    let owner = open?.module ?? (this.#exiting.has(line.pid) ? 'exit' : '');
    let { text } = line;
    if (kind === 'alloc_vmap_area') {
      const [, va, size, align, vstart, vend, failed] = ALLOC.exec(line.text)!;
      const at = Number(va);
      if (failed === '0') {
        const va = `0x${at.toString(16)}`;
        const calling = this.#calling.has(line.pid);
        this.#foreign.alloc(calling, { va, size: Number(size), align: Number(align) });
      }
      text = `va_start=0x${at.toString(16)} size=${size} align=${align} vstart=${vstart} vend=${vend} failed=${failed}`;
      if (open !== undefined) noteAttempt(open, failed === '1', Number(size));
      if (open !== undefined && failed === '0') {
        open.areas.push({ va: at, size: Number(size), align: Number(align), freed: false });
        this.#owned.set(at, open.module);
      }
    } else if (kind === 'free_vmap_area_noflush') {
      const digits = FREE.exec(line.text)![1]!;
      const va = Number.parseInt(digits, 16);
      this.#foreign.free(line.pid, `0x${digits}`);
      const owned = this.#owned.get(va);
      if (owned !== undefined) {
        owner = owned;
        this.#owned.delete(va);
        const init = this.#last.get(owned);
        if (open === undefined && init !== undefined) init.exitFreed.push(va);
        const area = open?.areas.findLast((a) => a.va === va);
        if (area !== undefined) {
          area.freed = true;
          open?.freed.push(va);
        }
      }
    }
    if (kind === 'purge_vmap_area_lazy') {
      this.#foreign.purge(this.#calling.has(line.pid), line.pid);
    }
    return { kind, text, task: `${line.comm}-${line.pid}`, owner };
  }
}

/** A search that fails is made once more after a purge; only then the request fails. */
function noteAttempt(open: OpenInit, failed: boolean, size: number): void {
  if (failed && open.retrying === size) open.refused.push(size);
  open.retrying = failed && open.retrying !== size ? size : undefined;
}

function addTo(map: Map<string, number>, key: string, change: number): void {
  map.set(key, (map.get(key) ?? 0) + change);
}
