// SPDX-License-Identifier: MIT
/**
 * Everything the model tells the world. One event, one fact; counters, texts, maps and charts are
 * all drawn from these.
 *
 * Addresses are `VirtAddr` offsets here (see `units.ts`); the exporters print whole addresses.
 * Allocator and module events carry what the kernel's tracepoints carry
 * (include/trace/events/vmalloc.h and module.h, Linux 6.12).
 */
import type { Bytes, CpuId, Nanos, PageCount, VirtAddr } from '../base/index.ts';

/** What an area of the vmalloc space is for. The kernel does not say; the model knows. */
export type AreaPurpose =
  | 'file' // the copy made by kernel_read_file
  | 'copy' // the copy made by init_module
  | 'image' // the vmap of a decompressed module
  | 'dictionary' // xz dictionary
  | 'workspace' // gzip or zstd workspace that fell back to vmalloc
  | 'page_array' // nested array of page pointers
  | 'text'
  | 'data'
  | 'rodata'
  | 'ro_after_init'
  | 'init_text'
  | 'init_data'
  | 'init_rodata'
  | 'core' // one of the two layouts before 6.4
  | 'init'
  | 'keep' // allocated by a module's init and kept
  | 'percpu'
  | 'ioremap'
  | 'vmap'
  | 'vmap_block'
  | 'vm_map_ram'
  | 'boot' // there before the scenario began
  | 'other';

/** The stage of a request that an event or a failure belongs to. */
export type LoadStage =
  | 'request'
  | 'permission'
  | 'gate'
  | 'kread'
  | 'decompress'
  | 'becoming'
  | 'load'
  | 'init'
  | 'delete'
  | 'done';

/** Bytes a failed request wasted, by the counter they were added to. */
export interface WastedBytes {
  readonly kread: Bytes;
  readonly decompress: Bytes;
  readonly becoming: Bytes;
  readonly load: Bytes;
}

export type VmallocEvent =
  | {
      readonly kind: 'alloc_vmap_area';
      readonly va_start: VirtAddr;
      readonly size: Bytes;
      readonly align: Bytes;
      readonly vstart: VirtAddr;
      readonly vend: VirtAddr;
      readonly failed: 0 | 1;
    }
  | {
      readonly kind: 'free_vmap_area_noflush';
      readonly va_start: VirtAddr;
      readonly nr_lazy: PageCount;
      readonly nr_lazy_max: PageCount;
    }
  | {
      readonly kind: 'purge_vmap_area_lazy';
      readonly start: VirtAddr;
      readonly end: VirtAddr;
      readonly num_purged: number;
    }
  /** Follows a successful allocation: who took it and what for. */
  | {
      readonly kind: 'vm_area';
      readonly va_start: VirtAddr;
      readonly size: Bytes;
      readonly pages: PageCount;
      readonly caller: string;
      readonly purpose: AreaPurpose;
      readonly module: string;
      readonly request: number;
    };

export type ModuleEvent =
  | {
      readonly kind: 'module_request';
      readonly name: string;
      readonly wait: boolean;
      readonly call_site: string;
    }
  | { readonly kind: 'module_load'; readonly name: string; readonly taints: string }
  | { readonly kind: 'module_free'; readonly name: string }
  | {
      readonly kind: 'module_get' | 'module_put';
      readonly name: string;
      readonly call_site: string;
      readonly refcnt: number;
    };

export type RequestEvent =
  | {
      readonly kind: 'request_begin';
      readonly request: number;
      readonly op: string;
      readonly subject: string;
    }
  | {
      readonly kind: 'stage_begin';
      readonly request: number;
      readonly stage: LoadStage;
      readonly subject: string;
    }
  | {
      readonly kind: 'stage_end';
      readonly request: number;
      readonly stage: LoadStage;
      readonly ret: number;
    }
  /** The end of one finit_module, init_module, delete_module or request_module call. */
  | {
      readonly kind: 'outcome';
      readonly request: number;
      readonly op: string;
      readonly subject: string;
      readonly module: string;
      readonly ret: number;
      readonly stage: LoadStage;
      readonly wasted: WastedBytes;
    }
  /** A counter of kernel/module/stats.c moved. Every wasted byte is in exactly one of these. */
  | {
      readonly kind: 'counter';
      readonly name: string;
      readonly delta: number;
      readonly request: number;
    }
  | {
      readonly kind: 'dup_failed_module';
      readonly name: string;
      readonly reason: 'becoming' | 'load';
      readonly count: number;
    };

export type SyncEvent =
  | {
      readonly kind: 'semaphore';
      readonly name: string;
      readonly op: 'down' | 'up' | 'timeout';
      readonly in_use: number;
      readonly waiters: number;
    }
  | {
      readonly kind: 'dup_request';
      readonly name: string;
      readonly role: 'anchor' | 'wait' | 'nowait' | 'announce' | 'expire';
      readonly ret: number;
    }
  | {
      readonly kind: 'idempotent';
      readonly ino: number;
      readonly role: 'winner' | 'join' | 'complete' | 'interrupted';
      readonly ret: number;
    }
  | {
      readonly kind: 'module_state';
      readonly name: string;
      readonly state: 'unformed' | 'coming' | 'live' | 'going' | 'gone';
    };

export type UserEvent =
  | { readonly kind: 'uevent'; readonly action: string; readonly modalias: string }
  | {
      readonly kind: 'process';
      readonly op: 'exec' | 'exit';
      readonly comm: string;
      readonly pid: number;
      readonly status: number;
    };

export type LogEvent = { readonly kind: 'printk'; readonly level: number; readonly text: string };

export type EventBody =
  | VmallocEvent
  | ModuleEvent
  | RequestEvent
  | SyncEvent
  | UserEvent
  | LogEvent;

/** Where and when an event happened. `task` is `comm-pid`, as in a trace file. */
export interface EventStamp {
  readonly seq: number;
  readonly t: Nanos;
  readonly cpu: CpuId;
  readonly task: string;
}

export type TraceEvent = EventStamp & EventBody;

/** The seam every part of the model speaks through; the stamp is added behind it. */
export interface Tracer {
  emit(body: EventBody): void;
}
