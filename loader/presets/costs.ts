// SPDX-License-Identifier: MIT
/**
 * What things cost in time: the named constants of a machine, in one place. Every figure is CPU
 * time in nanoseconds unless its name says otherwise; a scenario may replace any of them under
 * `machine.costs`.
 *
 * The defaults describe a 3 GHz server core. They decide who overlaps with whom, and so how many
 * duplicates race; no count or byte of a single load depends on them.
 */
import type { Nanos } from '../base/index.ts';

export interface MachineCosts {
  /** Entry, checks and exit of a system call. */
  readonly syscall_ns: Nanos;
  /** kernel_read_file: copying one page from the page cache into the buffer. */
  readonly kread_page_ns: Nanos;
  /**
   * How far a read's time strays to either side, as a share of it, drawn for each read: CPUs that
   * share a host and a memory bus are not equally fast. 0 = none.
   */
  readonly kread_spread: number;
  /** Allocating and mapping one page of vmalloc memory. */
  readonly vmalloc_page_ns: Nanos;
  /** Finding and linking one area. */
  readonly vmap_area_ns: Nanos;
  /** Unmapping and freeing one page. */
  readonly vfree_page_ns: Nanos;
  /** One purge of the lazy list: the fixed part, and the flush on each online CPU. */
  readonly purge_ns: Nanos;
  readonly purge_cpu_ns: Nanos;
  /** copy_module_from_user: one page. */
  readonly copy_from_user_page_ns: Nanos;
  /** Decoding, for each byte that comes out. */
  readonly gunzip_byte_ns: Nanos;
  readonly unxz_byte_ns: Nanos;
  readonly unzstd_byte_ns: Nanos;
  /** ELF validity and indexing, for each section. */
  readonly elf_section_ns: Nanos;
  /** layout_symtab and add_kallsyms, for each symbol. */
  readonly kallsyms_symbol_ns: Nanos;
  /** move_module: copying one page into its final place. */
  readonly move_page_ns: Nanos;
  /** simplify_symbols, for each undefined symbol. */
  readonly resolve_symbol_ns: Nanos;
  /** apply_relocations, for each relocation. */
  readonly relocation_ns: Nanos;
  /** One set_memory_* call, without its purge. */
  readonly set_memory_ns: Nanos;
  /** Tasks that waited for another load wake one after the other, this long apart. */
  readonly module_wake_ns: Nanos;
  /** Notifiers, parameters and sysfs of one module. */
  readonly sysfs_ns: Nanos;
  /** A module's init function when the scenario says nothing. */
  readonly init_ns: Nanos;
  /** A module's exit function. */
  readonly exit_ns: Nanos;
  /** Length of an RCU grace period (not CPU time). */
  readonly rcu_grace_period_ns: Nanos;
  /** A cache line goes from one CPU to another: of the same socket, of another one. */
  readonly line_ns: Nanos;
  readonly remote_line_ns: Nanos;
  /** A mutex passes to a spinning task. */
  readonly mutex_handover_ns: Nanos;
  /** A task that sleeps for a mutex is woken, and looks. */
  readonly mutex_wakeup_ns: Nanos;
  /** How many tasks spin for a mutex in order before others sleep and are overtaken. */
  readonly mutex_spinners: number;
  /** find_module_all(): one entry of the list, with module_mutex held. */
  readonly find_module_ns: Nanos;
  /** What one page written takes of its socket's memory: of its bandwidth, or of its zone's lock. */
  readonly memory_page_ns: Nanos;
  /** What one page freed takes of its zone's lock. */
  readonly zone_page_ns: Nanos;
  /** How often one path walk in sysfs, or one entry made, writes the count of kernfs's lock. */
  readonly kernfs_lines: number;
  /** A CPU hot-plug callback on one more CPU: its thread is woken, runs, and wakes the caller. */
  readonly hotplug_cpu_ns: Nanos;
  /** An algorithm is registered and tested (crypto/algapi.c): a thread of its own, and its test. */
  readonly crypto_alg_ns: Nanos;
  /** Wake-up of a kernel worker. */
  readonly worker_ns: Nanos;
}

export const DEFAULT_COSTS: MachineCosts = {
  syscall_ns: 400,
  kread_page_ns: 350,
  kread_spread: 0,
  vmalloc_page_ns: 250,
  vmap_area_ns: 800,
  vfree_page_ns: 120,
  purge_ns: 2_000,
  purge_cpu_ns: 150,
  copy_from_user_page_ns: 400,
  gunzip_byte_ns: 3,
  unxz_byte_ns: 10,
  unzstd_byte_ns: 1.2,
  elf_section_ns: 60,
  kallsyms_symbol_ns: 25,
  move_page_ns: 400,
  resolve_symbol_ns: 350,
  relocation_ns: 12,
  set_memory_ns: 4_000,
  module_wake_ns: 2_000,
  sysfs_ns: 60_000,
  init_ns: 50_000,
  exit_ns: 20_000,
  rcu_grace_period_ns: 8_000_000,
  line_ns: 60,
  remote_line_ns: 140,
  mutex_handover_ns: 1_000,
  mutex_wakeup_ns: 4_400,
  mutex_spinners: 8192,
  find_module_ns: 15,
  memory_page_ns: 100,
  zone_page_ns: 25,
  kernfs_lines: 5,
  hotplug_cpu_ns: 12_000,
  crypto_alg_ns: 300_000,
  worker_ns: 3_000,
};
