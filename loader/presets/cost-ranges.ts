// SPDX-License-Identifier: MIT
/**
 * How far each time constant of a machine may lie from its default and still be physical, by kind
 * of machine, and where that is known from. A fit moves inside these bounds only.
 *
 * `measure`: `scripts/measure` prints the figure for the machine it runs on. `paper`: from what the
 * kernel's developers or others have published. `count`: from the number of instructions, cache
 * lines or interrupts that the step takes.
 */
import type { MachineCosts } from './costs.ts';
import type { UserspaceCosts } from './userspace-costs.ts';

export type MachineKind = 'bare-metal' | 'kvm-guest';
export type Range = readonly [low: number, high: number];

export interface CostRange {
  readonly bare: Range;
  readonly guest: Range;
  readonly source: string;
}

const same = (low: number, high: number, source: string): CostRange => ({
  bare: [low, high],
  guest: [low, high],
  source,
});

/** Of the constants that a storm depends on; the others are not moved. */
export const COST_RANGES: Readonly<Partial<Record<keyof MachineCosts, CostRange>>> = {
  kread_page_ns: same(150, 1_500, 'measure: a page copied, from cache and from memory'),
  kread_spread: { bare: [0, 0.2], guest: [0, 0.6], source: 'measure: spread of the same' },
  vmalloc_page_ns: same(100, 600, 'paper: one order-0 page of a bulk allocation, mapped'),
  vmap_area_ns: same(150, 1_500, 'count: three descents of a tree of some thousand nodes'),
  vfree_page_ns: same(50, 300, 'paper: one order-0 page freed through the per-CPU lists'),
  purge_ns: same(1_000, 10_000, 'count: the lazy list walked, its areas merged'),
  purge_cpu_ns: {
    bare: [30, 300],
    guest: [50, 2_000],
    source:
      'paper: a flush on all CPUs takes 10 to 60 us on machines of 200 to 500; in a guest each ' +
      'target is one exit (1 to 2 us), unless the host has posted interrupts or takes 128 at once',
  },
  set_memory_ns: same(1_000, 10_000, 'count: page attributes changed, without the flush'),
  module_wake_ns: {
    bare: [800, 6_000],
    guest: [1_500, 30_000],
    source: "measure: a sleeper woken on another CPU, the waker's part, and a mutex passed on",
  },
  sysfs_ns: same(
    40_000,
    600_000,
    'count: 130,000 instructions of Linux 6.12 in v86 for the smallest modules; with BTF and ' +
      'function tracing several times as many',
  ),
  rcu_grace_period_ns: same(
    2_000_000,
    40_000_000,
    'count: two looks at all CPUs, a tick or three after each other, HZ 100 to 1000',
  ),
  line_ns: same(30, 120, 'measure: a cache line that two CPUs of a socket write in turn'),
  remote_line_ns: same(90, 350, 'paper: the same across sockets, one hop or two'),
  mutex_handover_ns: same(200, 5_000, 'count: three to ten lines from one CPU to another'),
  mutex_wakeup_ns: {
    bare: [2_000, 150_000],
    guest: [5_000, 200_000],
    source: 'measure: a sleeper woken on another CPU; in a guest two exits and a halted CPU',
  },
  find_module_ns: same(3, 100, 'count: two cache lines of an entry, its name compared'),
  memory_page_ns: same(25, 400, 'measure: pages copied by all CPUs of a socket at once'),
  zone_page_ns: same(5, 80, "count: a page moved from list to list under the zone's lock"),
  kernfs_lines: same(2, 20, 'count: one to ten components of a path, lock and unlock of each'),
  hotplug_cpu_ns: {
    bare: [4_000, 150_000],
    guest: [10_000, 200_000],
    source: 'measure: two wake-ups of a sleeper; an idle CPU may first leave a deep sleep (133 us)',
  },
  crypto_alg_ns: same(
    60_000,
    50_000_000,
    'count: a kernel thread made and joined; with self-tests some hundred vectors',
  ),
};

export const USERSPACE_COST_RANGES: Readonly<Partial<Record<keyof UserspaceCosts, CostRange>>> = {
  udev_receive_ns: same(10_000, 60_000, 'measure: a datagram of 1 kB received and parsed'),
  udev_dispatch_ns: same(8_000, 40_000, 'measure: a datagram of 1 kB sent'),
  udev_fork_ns: same(120_000, 900_000, 'measure: fork() of a process of 10 to 30 MB'),
  udev_worker_start_ns: same(200_000, 1_500_000, "measure: the child's part of the same"),
  udev_rules_ns: same(500_000, 5_000_000, 'paper: udev-builtin and rule times of systemd 252'),
  udev_rules_paths: same(60, 600, 'count: attributes, links and parents that the rules look at'),
};
