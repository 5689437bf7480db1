// SPDX-License-Identifier: MIT
/** The package's main entry: scenarios, the kernel that runs them, and their results. */

// Every type that a signature of the package names, without a line of code.
export type * from './base/index.ts';
export { ERRNO, type ErrnoName, errnoName } from './base/index.ts';
export type * from './catalog/index.ts';
export { CATALOG_NAMES, openCatalog } from './catalog/index.ts';
export type * from './engine/index.ts';
export type * from './events/index.ts';
export type { EventBody, EventStamp, TraceEvent, Tracer } from './events/index.ts';
export { KernelSetupError, SimKernel, type SimKernelOptions } from './kernel.ts';
export type * from './kmod/index.ts';
export { createGuestVolume } from './memfs/index.ts';
export type * from './module/index.ts';
export type { ModuleFile, ModuleMetadata, ModuleSource } from './module/index.ts';
export type * from './presets/index.ts';
export {
  ADDRESS_SPACES,
  type AddressSpacePreset,
  customAddressSpace,
  DEFAULT_COSTS,
  KERNEL_PRESETS,
  type KernelFeatures,
  type KernelIdentity,
  type KernelName,
  type MachineCosts,
  vmallocBootOption,
} from './presets/index.ts';
export type * from './scenario/index.ts';
export {
  BUNDLED_SCENARIOS,
  CompileError,
  collectResult,
  type PreparedRun,
  type PrepareOptions,
  prepareRun,
  type Scenario,
  type ScenarioInput,
  type SimulateOptions,
  type Simulation,
  scenarioJsonSchema,
  scenarioSchema,
  simulate,
} from './scenario/index.ts';
export type * from './session/index.ts';
export {
  type AllocationFailure,
  type CallResult,
  driveSession,
  driveSteps,
  type Operation,
  type PortSession,
  type Program,
  type RunResult,
  Session,
  type SessionCompletion,
} from './session/index.ts';
export type * from './stats/index.ts';
export type * from './survey/index.ts';
export { inferIdentity } from './survey/index.ts';
export type * from './userspace/index.ts';
export type * from './vfs/index.ts';
export type * from './view/index.ts';
export type * from './vmalloc/index.ts';
