// SPDX-License-Identifier: MIT
/**
 * Kernels as sets of features. Each feature names one rule that changed between releases and can
 * be switched alone; a release is a column of the table below.
 */

import type { Bytes } from '../base/index.ts';
import type { CompressionFormat } from '../decompress/index.ts';

export interface KernelFeatures {
  /**
   * One load per inode (kernel/module/main.c): since v6.5, its waiters interruptible since
   * 2124d84db293 (v6.11, stable v6.6 and v6.10).
   */
  readonly idempotent: 'none' | 'uninterruptible' | 'interruptible';
  /** Duplicate check before layout_and_allocate (064f4536d139, v6.4). */
  readonly early_check: boolean;
  /**
   * Whether a loader excludes other loaders of its file: `shared` = writers only;
   * `exclusive-read` = for the read; `exclusive-call` = for the whole call (v6.4-rc4).
   */
  readonly deny_write: 'shared' | 'exclusive-read' | 'exclusive-call';
  /** A load that finds its name taken and then gone: try again (to v6.1) or -EBUSY (v6.2). */
  readonly going_rule: 'retry' | 'busy';
  /** How request_module is limited: a counter with a throttle message (to v6.3), a semaphore. */
  readonly limiter: 'counter' | 'semaphore';
  /** Autoload duplicate suppression (CONFIG_MODULE_DEBUG_AUTOLOAD_DUPS). */
  readonly dups: 'off' | 'v6.4' | 'refcounted';
  /** Memory of a module: core and init, or one area for each of seven types (v6.4). */
  readonly layout: 'two' | 'seven';
  /** Text of the address-space failure: `vmalloc=` to v6.10, `range` from v6.11. */
  readonly va_failure_message: 'vmalloc=' | 'range';
  /** A failed module allocation: warn_alloc (to v6.9) or one execmem line (v6.10). */
  readonly module_memory_failure: 'noisy' | 'quiet';
  /** Decoder workspaces: kmalloc to v6.5, vmalloc in v6.6, kvmalloc from v6.7. */
  readonly workspace: 'kmalloc' | 'vmalloc' | 'kvmalloc';
  /**
   * Which protection changes purge: to v6.8 each call of a fixed list, whether or not the module
   * has that memory; then each area there is (kernel/module/strict_rwx.c).
   */
  readonly protect: 'each_call' | 'each_area';
  /** What is made read-only once more after init: all of it (to v6.12), or the area for that. */
  readonly after_init: 'all' | 'ro_after_init';
  /** Sections read-only after init: the first of a name, or all of it (v6.19), static calls too. */
  readonly ro_after_init: 'first' | 'all';
  /** Two loaded sections of one name: accepted with a line (to v6.5), or refused. */
  readonly twice_named_sections: 'accepted' | 'refused';
  /** Taints are set before the layout (to v6.3), or when the module is in the list (v6.4). */
  readonly taint_at: 'layout' | 'list';
  /** struct module and `.modinfo` are checked for number, size and SHF_ALLOC (v6.4). */
  readonly this_module_check: boolean;
  /** A symbol with a section index beyond the file's sections is refused (6.1 and 6.12 stable). */
  readonly symbol_index_check: boolean;
  /** The tables of names must have the type STRTAB (6.12 stable). */
  readonly string_table_types: boolean;
  /** The symbol names' table must be whole, and each name begin in it (v6.13). */
  readonly strtab_check: boolean;
  /** Relocations of the per-CPU section are applied although it is not ALLOC (v6.19). */
  readonly percpu_relocations: boolean;
  /** A symbol without a version is refused, or warned of once and accepted (v6.19). */
  readonly missing_version: 'refused' | 'accepted';
  /** `import_ns` may not begin with `module:`, which exports to named modules only (v6.16). */
  readonly module_namespaces: boolean;
  /** What a failed search shows as va_start: the window's end, or the errno (v6.15). */
  readonly failed_search: 'vend' | 'errno';
  /** The file system test_kmod.ko asks for when nobody says (lib/test_kmod.c): none in v6.19. */
  readonly test_kmod_fs: 'xfs' | 'none';
  /** The function a limit on failed module allocations is named after. */
  readonly execmem_limit: '__execmem_alloc' | 'execmem_vmalloc';
  /** Freed areas merge with their parked neighbours (to v6.8) or stay apart (v6.9). */
  readonly lazy_areas: 'merged' | 'per_node';
  /** CONFIG_MODULE_STATS (v6.4). Without it the counters still run, but no file shows them. */
  readonly stats: boolean;
  /** A finit_module read error adds its negative errno to invalid_kread_bytes (v6.4). */
  readonly kread_bytes_bug: boolean;
  /** Section names checked for every section (v6.12) or for allocated ones. */
  readonly section_name_check: 'all' | 'alloc';
  /** In-kernel decompression (CONFIG_MODULE_DECOMPRESS and CONFIG_MODULE_COMPRESS_*). */
  readonly compression: 'none' | CompressionFormat;
  readonly kallsyms: boolean;
  readonly kallsyms_all: boolean;
  readonly module_unload: boolean;
  readonly module_force_load: boolean;
  readonly module_force_unload: boolean;
  readonly strict_module_rwx: boolean;
  /** CONFIG_CONSTRUCTORS: `.ctors` and `.init_array` are run, and both at once refused. */
  readonly constructors: boolean;
  readonly livepatch: boolean;
  /** CONFIG_DYNAMIC_DEBUG: `dyndbg=` among a module's arguments means something. */
  readonly dynamic_debug: boolean;
  readonly smp: boolean;
  /** The CPU and page tables know NX: set_memory_nx and _x then purge like the others. */
  readonly nx: boolean;
  /** CONFIG_MODULE_SIG: `off`, `permissive` (taints) or `enforce`. */
  readonly module_sig: 'off' | 'permissive' | 'enforce';
  /** Whether the kernel has the key that well-formed signatures were made with. */
  readonly module_sig_key: boolean;
}

export interface KernelPreset {
  readonly name: string;
  /** The point release whose rules these are, as utsname has it. */
  readonly release: string;
  readonly features: KernelFeatures;
}

const V6_12: KernelFeatures = {
  idempotent: 'interruptible',
  early_check: true,
  deny_write: 'shared',
  going_rule: 'busy',
  limiter: 'semaphore',
  dups: 'refcounted',
  layout: 'seven',
  va_failure_message: 'range',
  module_memory_failure: 'quiet',
  workspace: 'kvmalloc',
  protect: 'each_area',
  after_init: 'all',
  ro_after_init: 'first',
  twice_named_sections: 'refused',
  taint_at: 'list',
  this_module_check: true,
  symbol_index_check: true,
  string_table_types: true,
  strtab_check: false,
  percpu_relocations: false,
  missing_version: 'refused',
  module_namespaces: false,
  failed_search: 'vend',
  test_kmod_fs: 'xfs',
  execmem_limit: '__execmem_alloc',
  lazy_areas: 'per_node',
  stats: true,
  kread_bytes_bug: false,
  section_name_check: 'all',
  compression: 'xz',
  kallsyms: true,
  kallsyms_all: false,
  module_unload: true,
  module_force_load: false,
  module_force_unload: false,
  strict_module_rwx: true,
  constructors: false,
  livepatch: false,
  dynamic_debug: false,
  smp: true,
  nx: false,
  module_sig: 'off',
  module_sig_key: false,
};

const V6_5: KernelFeatures = {
  ...V6_12,
  idempotent: 'uninterruptible',
  dups: 'v6.4',
  va_failure_message: 'vmalloc=',
  module_memory_failure: 'noisy',
  workspace: 'kmalloc',
  protect: 'each_call',
  twice_named_sections: 'accepted',
  symbol_index_check: false,
  string_table_types: false,
  lazy_areas: 'merged',
  section_name_check: 'alloc',
};

const V6_4: KernelFeatures = { ...V6_5, idempotent: 'none', kread_bytes_bug: true };

const V6_3: KernelFeatures = {
  ...V6_4,
  early_check: false,
  limiter: 'counter',
  dups: 'off',
  layout: 'two',
  stats: false,
  kread_bytes_bug: false,
  taint_at: 'layout',
  this_module_check: false,
};

const V6_1: KernelFeatures = { ...V6_3, going_rule: 'retry' };

const V6_19: KernelFeatures = {
  ...V6_12,
  dups: 'v6.4',
  after_init: 'ro_after_init',
  ro_after_init: 'all',
  symbol_index_check: false,
  string_table_types: false,
  strtab_check: true,
  percpu_relocations: true,
  missing_version: 'accepted',
  module_namespaces: true,
  failed_search: 'errno',
  test_kmod_fs: 'none',
  execmem_limit: 'execmem_vmalloc',
};

/** Each is a point release; `-stable` is the last one whose answers were recorded. */
export const KERNEL_PRESETS = {
  'v6.1': { name: 'v6.1', release: '6.1.0', features: V6_1 },
  'v6.1-stable': {
    name: 'v6.1-stable',
    release: '6.1.192',
    features: { ...V6_1, going_rule: 'busy', symbol_index_check: true },
  },
  'v6.3': { name: 'v6.3', release: '6.3.8', features: V6_3 },
  'v6.4-rc4': {
    name: 'v6.4-rc4',
    release: '6.4.0-rc4',
    features: { ...V6_4, deny_write: 'exclusive-call' },
  },
  'v6.4': { name: 'v6.4', release: '6.4.4', features: V6_4 },
  'v6.5': { name: 'v6.5', release: '6.5.0', features: V6_5 },
  'v6.12': { name: 'v6.12', release: '6.12.117', features: V6_12 },
  'v6.19': { name: 'v6.19', release: '6.19.0', features: V6_19 },
} as const satisfies Record<string, KernelPreset>;

export type KernelName = keyof typeof KERNEL_PRESETS;

/** A kernel symbol other than a module's: what the kernel proper exports. */
export interface KernelExports {
  has(name: string): boolean;
  crc(name: string): number | undefined;
  readonly gpl?: (name: string) => boolean;
  readonly namespace?: (name: string) => string;
}

/** What modules are checked against: who the running kernel says it is. */
export interface KernelIdentity {
  readonly release: string;
  readonly vermagic: string;
  /** sizeof(struct module); undefined takes any. */
  readonly structModuleSize: Bytes | undefined;
  readonly modversions: boolean;
  readonly exports: KernelExports;
  /** `module_blacklist=` on the command line. */
  readonly blacklist: readonly string[];
  /** Signers whose keys the kernel has, by common name; undefined: none are named. */
  readonly trustedKeys?: readonly string[];
}
