export { ERRNO, type ErrnoName, errnoName } from './errno.ts';
export { KernelSetupError, SimKernel, type SimKernelOptions } from './kernel.ts';
export { inferIdentity } from './module/kernel-identity.ts';
export type { ModuleFile, ModuleMetadata, ModuleSource } from './module/module-source.ts';
export {
  ADDRESS_SPACES,
  type AddressSpacePreset,
  customAddressSpace,
  vmallocBootOption,
} from './presets/address-spaces.ts';
export { DEFAULT_COSTS, type MachineCosts } from './presets/costs.ts';
export {
  KERNEL_PRESETS,
  type KernelFeatures,
  type KernelIdentity,
  type KernelName,
} from './presets/kernels.ts';
export { BUNDLED_SCENARIOS } from './scenario/bundled/index.ts';
export { CATALOG_NAMES, openCatalog } from './scenario/catalog.ts';
export { collectResult } from './scenario/collect-result.ts';
export { CompileError } from './scenario/compile.ts';
export { driveSession, driveSteps } from './scenario/drive-session.ts';
export type { Operation, Program } from './scenario/operation.ts';
export type { PortSession, SessionCompletion } from './scenario/port-session.ts';
export { type PreparedRun, type PrepareOptions, prepareRun } from './scenario/prepare.ts';
export type { AllocationFailure, CallResult, RunResult } from './scenario/result.ts';
export {
  type Scenario,
  type ScenarioInput,
  scenarioJsonSchema,
  scenarioSchema,
} from './scenario/schema.ts';
export { Session } from './scenario/session.ts';
export type { EventBody, EventStamp, TraceEvent, Tracer } from './trace/event.ts';
export { createGuestVolume } from './vfs/index.ts';
