// SPDX-License-Identifier: MIT
export {
  ADDRESS_SPACES,
  type AddressRange,
  type AddressSpacePreset,
  type Architecture,
  customAddressSpace,
  DEFAULT_ADDRESS_SPACE,
  type PresetResult,
  vmallocBootOption,
} from './address-spaces.ts';
export {
  COST_RANGES,
  type CostRange,
  type MachineKind,
  type Range,
  USERSPACE_COST_RANGES,
} from './cost-ranges.ts';
export { DEFAULT_COSTS, type MachineCosts } from './costs.ts';
export { INIT_WORK, type InitWork } from './init-work.ts';
export { type ResolvedKernel, resolveKernel } from './kernel-names.ts';
export {
  compareKernelVersions,
  type KernelVersion,
  kernelVersionOf,
  type StandIn,
  standInPreset,
} from './kernel-version.ts';
export {
  KERNEL_PRESETS,
  type KernelExports,
  type KernelFeatures,
  type KernelIdentity,
  type KernelName,
  type KernelPreset,
} from './kernels.ts';
export { MACHINE_KINDS } from './machine-kinds.ts';
export { MACHINE_NAMES, spaceOfMachine } from './machine-names.ts';
export { type MovedWindow, movedPreset, windowAround } from './moved-window.ts';
export { type PercpuBoot, percpuBootOf } from './percpu-boot.ts';
export { totalRamPages } from './total-ram.ts';
export { DEFAULT_USERSPACE_COSTS, type UserspaceCosts } from './userspace-costs.ts';
