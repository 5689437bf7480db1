// SPDX-License-Identifier: MIT
export { type CostTotals, totalsOf } from './cost-totals.ts';
export {
  type ConfiguredFeatures,
  featuresOfConfig,
  type KernelConfig,
  type KernelConfigResult,
  parseKernelConfig,
} from './kernel-config.ts';
export { type InferredIdentity, identitySteps, inferIdentity } from './kernel-identity.ts';
export {
  type CostKernel,
  type CostMemoryType,
  type ModuleCost,
  moduleCost,
} from './module-cost.ts';
export {
  type MachineShare,
  type ModuleMachines,
  machineOfElf,
  machinesOfModules,
} from './module-machine.ts';
export { exportsFromNames, exportsFromSymvers, parseModuleSymvers } from './module-symvers.ts';
