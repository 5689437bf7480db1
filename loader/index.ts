export { ERRNO, type ErrnoName, errnoName } from './base/index.ts';
export { CATALOG_NAMES, openCatalog } from './catalog/index.ts';
export type { EventBody, EventStamp, TraceEvent, Tracer } from './events/index.ts';
export { KernelSetupError, SimKernel, type SimKernelOptions } from './kernel.ts';
export { createGuestVolume } from './memfs/index.ts';
export type { ModuleFile, ModuleMetadata, ModuleSource } from './module/index.ts';
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
export {
  BUNDLED_SCENARIOS,
  CompileError,
  collectResult,
  type PreparedRun,
  type PrepareOptions,
  prepareRun,
  type Scenario,
  type ScenarioInput,
  scenarioJsonSchema,
  scenarioSchema,
} from './scenario/index.ts';
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
export { inferIdentity } from './survey/index.ts';
