/** What the files of one machine tell, gathered piece by piece: the vocabulary of this room. */
import type { Nanos } from '../base/index.ts';

/** Where something was read. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A call or request that the machine made. */
export interface SeenRequest {
  readonly op: 'finit_module' | 'init_module' | 'delete_module' | 'request_module' | 'uevent';
  /** Path of a file, name of a module, or a modalias; empty when the record does not say it. */
  target: string;
  readonly flags: number;
  readonly args: string;
  readonly pid: number;
  readonly comm: string;
  readonly cpu: number | undefined;
  /** Since the first time of its file. */
  readonly start: Nanos;
  end: Nanos | undefined;
  /** 0 or -errno; undefined when the record does not show the end of the call. */
  ret: number | undefined;
  /** The target follows from another line (`module_load` of the same task), not from the call. */
  derived: boolean;
  /** Bytes of the first `alloc_vmap_area` of its task inside the call, guard page included. */
  firstAlloc?: number;
  readonly place: Place;
}

/** An `alloc_vmap_area` of a trace: addresses as printed, whole. */
export interface SeenAlloc {
  readonly start: bigint;
  readonly size: number;
  readonly failed: boolean;
  readonly place: Place;
}

/** A line of /proc/vmallocinfo. Addresses are undefined where the kernel hid them. */
export interface SeenArea {
  readonly start: bigint | undefined;
  readonly end: bigint | undefined;
  /** Bytes, guard page included. */
  readonly size: number;
  readonly caller: string;
  /** The module named in brackets after the caller. */
  readonly module: string | undefined;
  /** ioremap, vmalloc, vmap, user, vm_map_ram, unpurged … */
  readonly kinds: readonly string[];
  readonly pages: number;
  readonly line: number;
}

/** One /proc/vmallocinfo. */
export interface SeenSpace {
  readonly file: string;
  readonly areas: SeenArea[];
  /** The lines as they were, for `machine.initial`. */
  readonly text: string[];
  /** Hexadecimal digits of an address: 8 or 16. */
  digits: number;
}

/** A row of /proc/modules or lsmod. */
export interface SeenModule {
  readonly name: string;
  readonly size: number;
  readonly users: readonly string[];
  /** Live, Loading or Unloading; lsmod does not say. */
  readonly state: string | undefined;
  readonly address: bigint | undefined;
  readonly place: Place;
}

/** A line of the kernel's log. */
export interface SeenMessage {
  readonly text: string;
  readonly t: Nanos | undefined;
  readonly place: Place;
}

export interface Provenance {
  readonly how: 'measured' | 'derived' | 'assumed';
  readonly what: string;
  readonly from: string;
}

export interface Unusable {
  readonly place: Place;
  readonly why: string;
  readonly found: string;
}

/** Keeps at most so many of each list; what is beyond is counted. */
export const LIMITS = {
  requests: 100_000,
  allocs: 100_000,
  areas: 500_000,
  messages: 20_000,
  modules: 20_000,
  aliases: 100_000,
  unusable: 1000,
  symbols: 200_000,
} as const;

/** Lines of a file by what became of them. */
export interface FileCount {
  readonly file: string;
  /** Names of the formats found in it. */
  readonly formats: Map<string, number>;
  lines: number;
  unusable: number;
}

export interface Window {
  readonly start: bigint;
  readonly end: bigint;
  readonly from: string;
}

export class Facts {
  readonly requests: SeenRequest[] = [];
  readonly allocs: SeenAlloc[] = [];
  readonly spaces: SeenSpace[] = [];
  readonly modules = new Map<string, SeenModule>();
  readonly messages: SeenMessage[] = [];
  readonly stats = new Map<string, { readonly value: bigint; readonly place: Place }>();
  /** Rows of `Duplicate failed modules`. */
  readonly duplicates: {
    readonly name: string;
    readonly count: number;
    readonly reason: string;
  }[] = [];
  readonly meminfo = new Map<string, number>();
  readonly aliases = new Set<string>();
  /** Module by driver line of lspci or udevadm. */
  readonly drivers = new Set<string>();
  readonly symvers: string[] = [];
  readonly events = new Map<string, number>();
  readonly files: FileCount[] = [];
  readonly unusable: Unusable[] = [];
  /** What did not fit the limits, by list. */
  readonly dropped = new Map<string, number>();
  /** Windows that were searched (`vstart=` and `vend=`), with how often. */
  readonly windows = new Map<string, { start: bigint; end: bigint; count: number }>();
  release: { readonly text: string; readonly from: string } | undefined;
  cmdline: { readonly text: string; readonly from: string } | undefined;
  cpus: { readonly count: number; readonly from: string } | undefined;
  /** `vmalloc : 0x… - 0x…` and `modules : …` of the boot log. */
  vmallocWindow: Window | undefined;
  modulesWindow: Window | undefined;
  /** CONFIG_ values that matter here, without the prefix. */
  readonly config = new Map<string, string>();
  /** Text of the machine's modprobe.d. */
  readonly modprobeConf: string[] = [];
  highestCpu = -1;
  readonly #names = new Map<string, string>();

  /** False when the list is full; the item is then counted as dropped. */
  keep<K extends keyof typeof LIMITS>(list: K, held: number): boolean {
    if (held < LIMITS[list]) return true;
    this.dropped.set(list, (this.dropped.get(list) ?? 0) + 1);
    return false;
  }

  /**
   * The same text without a hold on the line it was cut from: V8 keeps the whole of a text alive for
   * a part of it, here a mebibyte for a name.
   */
  own(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const copy = Array.from(text).join('');
    if (this.#names.size < 65_536) this.#names.set(copy, copy);
    return copy;
  }

  refuse(place: Place, why: string, found: string): void {
    const short = found.length > 80 ? `${found.slice(0, 80)}…` : found;
    if (this.keep('unusable', this.unusable.length)) {
      this.unusable.push({ place, why, found: this.own(short) });
    }
  }

  countEvent(name: string): void {
    if (!this.events.has(name) && this.events.size >= 1000) return;
    this.events.set(name, (this.events.get(name) ?? 0) + 1);
  }

  sawCpu(cpu: number | undefined): void {
    if (cpu !== undefined && cpu < 8192 && cpu > this.highestCpu) this.highestCpu = cpu;
  }
}

export function placeText({ file, line }: Place): string {
  return `${file}:${line}`;
}
