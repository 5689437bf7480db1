// SPDX-License-Identifier: MIT
import type { Bytes, Nanos, VirtAddr } from '../base/index.ts';
import type { ElfExport, ModuleElf, ModuleLayout } from '../elf/index.ts';
import type { Task } from '../engine/index.ts';
import type { AreaPurpose } from '../events/index.ts';
import type { PercpuArea } from '../vmalloc/index.ts';
import { ParamMemory } from './params/param-memory.ts';

/** enum module_state, include/linux/module.h, Linux 6.12 */
export type ModuleState = 'unformed' | 'coming' | 'live' | 'going';

/** One piece of module memory that was allocated. */
export interface ModuleMemory {
  readonly purpose: AreaPurpose;
  readonly base: VirtAddr;
  /** Page-aligned bytes, without the guard page. */
  readonly size: Bytes;
}

/** Taint letters of kernel/panic.c that a module can carry, in the order they are printed. */
export const TAINT_ORDER = ['P', 'F', 'C', 'O', 'E', 'K', 'X', 'T', 'N'] as const;
export type Taint = (typeof TAINT_ORDER)[number];

/** MODULE_REF_BASE, kernel/module/main.c */
const MODULE_REF_BASE = 1;

/** A module in memory (struct module). */
export class Module {
  readonly name: string;
  readonly elf: ModuleElf;
  readonly layout: ModuleLayout;
  state: ModuleState = 'unformed';
  /** The task that loads it; undefined once it is live. */
  loader: Task | undefined;
  /** `async_probe` was among its parameters. */
  asyncProbe = false;
  /** Areas in the order they were allocated; init areas leave when they are handed over. */
  memory: ModuleMemory[];
  /** Sizes by class, as /proc/modules and sysfs count them. */
  coreSize: Bytes;
  initSize: Bytes;
  readonly textSize: Bytes;
  readonly hasInit: boolean;
  readonly hasExit: boolean;
  /** 0 = about to go; 1 = unused. */
  refcnt = 0;
  /** Modules that use this one, newest first, and those this one uses, newest first. */
  readonly sources: Module[] = [];
  readonly targets: Module[] = [];
  readonly taints = new Set<Taint>();
  usingGplOnlySymbols = false;
  exports: readonly ElfExport[] = [];
  /** Its parameters as they were given. */
  args = '';
  /** What the variables behind its parameters hold. */
  readonly params: ParamMemory;
  /** Its files in /sys/module are there: from mod_sysfs_setup to mod_sysfs_teardown. */
  inSysfs = false;
  /** Where its static per-CPU data lies. */
  percpu: PercpuArea | undefined;
  /** Areas its init function allocated and keeps. */
  kept: VirtAddr[] = [];
  /** They are given back in the order they were taken. */
  keptInOrder = false;
  /** Modules its init function took references on, beside those whose symbols it uses. */
  held: Module[] = [];
  /** How long its exit function sleeps. */
  exitSleep: Nanos = 0;

  constructor(
    elf: ModuleElf,
    layout: ModuleLayout,
    memory: ModuleMemory[],
    sizes: { readonly core: Bytes; readonly init: Bytes; readonly text: Bytes },
    entries: { readonly hasInit: boolean; readonly hasExit: boolean },
  ) {
    this.name = elf.name;
    this.elf = elf;
    this.params = new ParamMemory(elf);
    this.layout = layout;
    this.memory = memory;
    this.coreSize = sizes.core;
    this.initSize = sizes.init;
    this.textSize = sizes.text;
    this.hasInit = entries.hasInit;
    this.hasExit = entries.hasExit;
  }

  /** module_refcount(): users, the base reference apart; -1 while it goes. */
  get users(): number {
    return this.refcnt - MODULE_REF_BASE;
  }

  get totalSize(): Bytes {
    return this.coreSize + this.initSize;
  }

  /** Base of the text, what /proc/modules prints; undefined before there is memory. */
  get textBase(): VirtAddr | undefined {
    return this.memory.find((m) => m.purpose === 'text' || m.purpose === 'core')?.base;
  }

  /** Taint letters as trace events and /proc/modules print them. */
  get taintLetters(): string {
    return TAINT_ORDER.filter((taint) => this.taints.has(taint)).join('');
  }

  /** module_unload_init() */
  initReferences(): void {
    this.refcnt = MODULE_REF_BASE + 1;
  }

  /** try_release_module_ref(): drops the base reference when nobody uses the module. */
  tryRelease(): boolean {
    if (this.refcnt !== MODULE_REF_BASE) return false;
    this.refcnt = 0;
    return true;
  }
}
