// SPDX-License-Identifier: MIT
/** What differs between kinds of machines: the constants of each, one set for all of its kind. */
import type { MachineKind } from './cost-ranges.ts';
import type { MachineCosts } from './costs.ts';
import type { UserspaceCosts } from './userspace-costs.ts';

interface KindCosts {
  readonly costs: Readonly<Partial<MachineCosts>>;
  readonly userspace: Readonly<Partial<UserspaceCosts>>;
}

/**
 * `bare-metal`: the defaults, from sources alone; nothing was fitted. `kvm-guest`: fitted by
 * `scripts/fit` on the 8-CPU and the 255-CPU guest of April 2023, inside the bounds of
 * `cost-ranges.ts`.
 */
export const MACHINE_KINDS: Readonly<Record<MachineKind, KindCosts>> = {
  'bare-metal': { costs: {}, userspace: {} },
  'kvm-guest': {
    costs: {
      // the CPU of a spinner may be taken away, so all but the first sleep
      mutex_spinners: 1,
      mutex_wakeup_ns: 160_000,
      purge_ns: 2_000,
      purge_cpu_ns: 60,
      set_memory_ns: 3_000,
      sysfs_ns: 400_000,
      kread_page_ns: 700,
      kread_spread: 0.5,
      kallsyms_symbol_ns: 12,
      move_page_ns: 200,
      memory_page_ns: 60,
      remote_line_ns: 100,
    },
    userspace: {
      udev_rules_ns: 2_500_000,
      udev_rules_paths: 400,
    },
  },
};
