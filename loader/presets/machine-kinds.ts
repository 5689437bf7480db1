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
    costs: { mutex_spinners: 1, ...JSON.parse(process.env.C ?? '{}') },
    userspace: JSON.parse(process.env.U ?? '{}'),
  },
};
