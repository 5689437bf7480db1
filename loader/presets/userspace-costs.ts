// SPDX-License-Identifier: MIT
/**
 * What user space costs in time: processes, files, libkmod and udev. Every figure is CPU time in
 * nanoseconds, of the task named; a scenario may replace any of them.
 *
 * "Measured" figures are from kmod 30 (Debian 12) over the 4,135 modules of linux-image-6.1-686 on
 * a 2-core AMD EPYC virtual machine, best of several hundred runs; "estimate" ones have no such
 * source and are there to be fitted. Like the kernel's own costs they decide who overlaps with
 * whom; no byte of a single load depends on them.
 */
import type { Nanos } from '../base/index.ts';

export interface UserspaceCosts {
  /** user_mode_thread(): a kernel worker makes the child that becomes the helper. */
  readonly helper_fork_ns: Nanos;
  /** kernel_execve() up to the point where the caller learns of success or failure. */
  readonly exec_ns: Nanos;
  /** Dynamic linking and start-up of modprobe, in the new process. */
  readonly modprobe_start_ns: Nanos;
  /** Tearing a process down after it has ended. */
  readonly process_exit_ns: Nanos;
  /** A sleeping task runs again on another CPU: wake-up, switch, return from the system call. */
  readonly wakeup_ns: Nanos;

  /** Opening and closing a file that is in the dentry cache. */
  readonly path_open_ns: Nanos;
  /** Opening, reading and closing a small sysfs file (`initstate`, `refcnt`). */
  readonly sysfs_read_ns: Nanos;
  /** The same for a module that is not there: a failed open and a failed stat. */
  readonly sysfs_miss_ns: Nanos;
  /** Reading a file from the page cache, for each byte. */
  readonly read_byte_ns: Nanos;

  /** kmod_new(): reading modprobe.d, modules.softdep and the kernel's command line. */
  readonly kmod_config_ns: Nanos;
  /** kmod_load_resources(): mapping the index files of depmod. */
  readonly kmod_index_ns: Nanos;
  /** Resolving one alias, page faults of the mapped index included. */
  readonly kmod_lookup_ns: Nanos;
  /** Making the list of modules to insert, for each entry: dependencies, softdeps, options. */
  readonly kmod_probe_entry_ns: Nanos;

  /** User-space decoders, for each byte that comes out. */
  readonly user_gunzip_byte_ns: Nanos;
  readonly user_unxz_byte_ns: Nanos;
  readonly user_unzstd_byte_ns: Nanos;

  /** kobject_uevent_env(): the kernel composes and broadcasts one uevent (the emitter's time). */
  readonly uevent_emit_ns: Nanos;
  /** systemd-udevd takes one uevent from its socket and queues it. */
  readonly udev_receive_ns: Nanos;
  /** systemd-udevd passes an event to an idle worker. */
  readonly udev_dispatch_ns: Nanos;
  /** systemd-udevd forks a worker: its own, serial part. */
  readonly udev_fork_ns: Nanos;
  /** A new worker's first steps: copy-on-write faults, its event loop. */
  readonly udev_worker_start_ns: Nanos;
  /** A worker goes through the rules for one event. */
  readonly udev_rules_ns: Nanos;
  /** How many paths of sysfs it walks for that; each takes its turn at kernfs's lock. */
  readonly udev_rules_paths: number;
  /**
   * What it waits for meanwhile (not CPU time): programs that rules start, pages of the hardware
   * database, locks of sysfs.
   */
  readonly udev_rules_wait_ns: Nanos;
  /** A worker stores the device's record and broadcasts the processed event. */
  readonly udev_finish_ns: Nanos;
  /** systemd-udevd takes a worker's message that it is done. */
  readonly udev_notify_ns: Nanos;
}

export const DEFAULT_USERSPACE_COSTS: UserspaceCosts = {
  // estimate: a thread without an address space of its own
  helper_fork_ns: 60_000,
  // measured: vfork, exec, exit and wait of /bin/true, 740 us in all, shared out with the next two
  exec_ns: 350_000,
  // measured: `modprobe -V` takes 720 us longer than /bin/true
  modprobe_start_ns: 950_000,
  // measured: what is left of /bin/true
  process_exit_ns: 100_000,
  // measured: half a round trip over two datagram sockets
  wakeup_ns: 4_400,

  // measured: open and close of a module file
  path_open_ns: 2_500,
  // measured: open, read and close of a sysfs file
  sysfs_read_ns: 7_600,
  // measured: open and stat of a module that is not loaded
  sysfs_miss_ns: 3_800,
  // measured: read(2) of xfs.ko, 1.8 MB, 0.052 ns a byte
  read_byte_ns: 0.052,

  // measured: modprobe with Debian's two files in modprobe.d against an empty directory
  kmod_config_ns: 80_000,
  // measured: modprobe with indexes against a directory without
  kmod_index_ns: 90_000,
  // measured: a pci modalias against a name that is in no index, the longest of four aliases
  kmod_lookup_ns: 60_000,
  // measured: `modprobe -n btrfs` (9 entries) against `modprobe -n dummy`
  kmod_probe_entry_ns: 6_000,

  // measured: zlib, liblzma and libzstd (level 3) on xfs.ko
  user_gunzip_byte_ns: 3.5,
  user_unxz_byte_ns: 16,
  user_unzstd_byte_ns: 0.8,

  // estimate: one netlink broadcast with its environment
  uevent_emit_ns: 15_000,
  // estimate: one netlink message parsed into a device
  udev_receive_ns: 40_000,
  // estimate: one netlink message to one worker
  udev_dispatch_ns: 20_000,
  // measured: fork() by a process with 12 MB resident, the parent's part
  udev_fork_ns: 420_000,
  // measured: the child's part of the same fork, to its exit
  udev_worker_start_ns: 500_000,
  // estimate: some hundred rules with a few sysfs attributes each
  udev_rules_ns: 1_500_000,
  // estimate: the attributes and links that systemd 252's rules look at for a device, with parents
  udev_rules_paths: 200,
  // estimate: none
  udev_rules_wait_ns: 0,
  // estimate: a file in /run/udev/data and one netlink broadcast
  udev_finish_ns: 100_000,
  // measured: a datagram received, see wakeup_ns
  udev_notify_ns: 5_000,
};
