// SPDX-License-Identifier: MIT
/**
 * The fields of every event, in the order they are written, and what each of them holds. Writers,
 * readers and the recorder all go by this one table; the compiler checks it against the events.
 */
import type { AreaPurpose, EventBody, LoadStage, WastedBytes } from './event.ts';

export type EventKind = EventBody['kind'];

/** The body of the events of one kind. */
export type BodyOf<K extends EventKind> = EventBody extends infer B
  ? B extends { readonly kind: infer BodyKind }
    ? K extends BodyKind
      ? B
      : never
    : never
  : never;

/** Every word of a union, once; the order is that of the codes the recorder keeps. */
type Words<W extends string> = { readonly [Word in W]: true };

type SpecOf<V> = [V] extends [boolean]
  ? 'flag'
  : [V] extends [WastedBytes]
    ? 'wasted'
    : [V] extends [0 | 1]
      ? 'bit'
      : [V] extends [number]
        ? 'addr' | 'int'
        : [V] extends [string]
          ? string extends V
            ? 'text'
            : Words<V>
          : never;

type Spec = Exclude<FieldType, 'word'> | Words<string>;

type FieldTable = {
  readonly [K in EventKind]: {
    readonly [F in Exclude<keyof BodyOf<K>, 'kind'>]-?: SpecOf<BodyOf<K>[F]>;
  };
};

const PURPOSES: Words<AreaPurpose> = {
  file: true,
  copy: true,
  image: true,
  dictionary: true,
  workspace: true,
  page_array: true,
  text: true,
  data: true,
  rodata: true,
  ro_after_init: true,
  init_text: true,
  init_data: true,
  init_rodata: true,
  core: true,
  init: true,
  keep: true,
  percpu: true,
  ioremap: true,
  vmap: true,
  vmap_block: true,
  vm_map_ram: true,
  boot: true,
  other: true,
};

const STAGES: Words<LoadStage> = {
  request: true,
  permission: true,
  gate: true,
  kread: true,
  decompress: true,
  becoming: true,
  load: true,
  init: true,
  delete: true,
  done: true,
};

const REFERENCE = { name: 'text', call_site: 'text', refcnt: 'int' } as const;

const FIELDS: FieldTable = {
  alloc_vmap_area: {
    va_start: 'addr',
    size: 'int',
    align: 'int',
    vstart: 'addr',
    vend: 'addr',
    failed: 'bit',
  },
  free_vmap_area_noflush: { va_start: 'addr', nr_lazy: 'int', nr_lazy_max: 'int' },
  purge_vmap_area_lazy: { start: 'addr', end: 'addr', num_purged: 'int' },
  vm_area: {
    va_start: 'addr',
    size: 'int',
    pages: 'int',
    caller: 'text',
    purpose: PURPOSES,
    module: 'text',
    request: 'int',
  },
  module_request: { name: 'text', wait: 'flag', call_site: 'text' },
  module_load: { name: 'text', taints: 'text' },
  module_free: { name: 'text' },
  module_get: REFERENCE,
  module_put: REFERENCE,
  request_begin: { request: 'int', op: 'text', subject: 'text' },
  stage_begin: { request: 'int', stage: STAGES, subject: 'text' },
  stage_end: { request: 'int', stage: STAGES, ret: 'int' },
  outcome: {
    request: 'int',
    op: 'text',
    subject: 'text',
    module: 'text',
    ret: 'int',
    stage: STAGES,
    wasted: 'wasted',
  },
  counter: { name: 'text', delta: 'int', request: 'int' },
  dup_failed_module: { name: 'text', reason: { becoming: true, load: true }, count: 'int' },
  semaphore: {
    name: 'text',
    op: { down: true, up: true, timeout: true },
    in_use: 'int',
    waiters: 'int',
  },
  dup_request: {
    name: 'text',
    role: { anchor: true, wait: true, nowait: true, announce: true, expire: true },
    ret: 'int',
  },
  idempotent: {
    ino: 'int',
    role: { winner: true, join: true, complete: true, interrupted: true },
    ret: 'int',
  },
  module_state: {
    name: 'text',
    state: { unformed: true, coming: true, live: true, going: true, gone: true },
  },
  uevent: { action: 'text', modalias: 'text' },
  process: { op: { exec: true, exit: true }, comm: 'text', pid: 'int', status: 'int' },
  printk: { level: 'int', text: 'text' },
};

/** What a field holds. A bit is 0 or 1, a flag true or false, a word one of `words`. */
export type FieldType = 'addr' | 'int' | 'bit' | 'flag' | 'text' | 'wasted' | 'word';

export interface EventField {
  readonly name: string;
  readonly type: FieldType;
  readonly words: readonly string[];
}

/** Every kind, in a fixed order. */
export const EVENT_KINDS = Object.keys(FIELDS) as readonly EventKind[];

/** The fields of each kind after `seq`, `t`, `cpu`, `task` and `kind`, in the order written. */
export const EVENT_FIELDS: ReadonlyMap<EventKind, readonly EventField[]> = new Map(
  EVENT_KINDS.map((kind) => [kind, Object.entries(FIELDS[kind] as FieldSpecs).map(toField)]),
);

/** The purposes and stages in the order of their codes. */
export const AREA_PURPOSES = Object.keys(PURPOSES) as readonly AreaPurpose[];
export const LOAD_STAGES = Object.keys(STAGES) as readonly LoadStage[];

/** The keys of WastedBytes in the order written. */
export const WASTED_KEYS = ['kread', 'decompress', 'becoming', 'load'] as const;

type FieldSpecs = Record<string, Spec>;

function toField([name, spec]: [string, Spec]): EventField {
  if (typeof spec === 'string') return { name, type: spec, words: [] };
  return { name, type: 'word', words: Object.keys(spec) };
}
