// SPDX-License-Identifier: MIT
export { FIRST_BOOT } from './bundled/first-boot.ts';
export { BUNDLED_SCENARIOS } from './bundled/index.ts';
export { INIT_US, PUBLISHED_8, PUBLISHED_255 } from './bundled/published.ts';
export { type BundledSource, openBundled } from './catalog-choice.ts';
export { collectResult } from './collect-result.ts';
export { CompileError } from './compile.ts';
export type { CompileContext } from './compile-context.ts';
export { checkMachine, type FollowedDocument, followModules } from './follow-modules.ts';
export { firstProblem, type InputProblem } from './input-problem.ts';
export { decodeText, type JsonResult, parseJsonText } from './json-text.ts';
export {
  type ChosenKernel,
  chosenKernel,
  KERNEL_KEYS,
  kernelPreset,
  type NamedKernel,
  namedKernel,
} from './kernel-choice.ts';
export { addressSpace } from './machine.ts';
export { nearestName, unknownName } from './nearest-name.ts';
export { type PreparedRun, type PrepareOptions, prepareRun } from './prepare.ts';
export { type RecordedArrival, recordArrivals } from './record-arrivals.ts';
export type { MachineChoice } from './schema.ts';
export {
  type KernelChoice,
  kernelSchema,
  type Scenario,
  type ScenarioInput,
  scenarioJsonSchema,
  scenarioSchema,
} from './schema.ts';
export type { ArrivalChoice } from './schema-arrivals.ts';
export { type CallStep, type Step, stepSchema } from './schema-steps.ts';
export { type SimulateOptions, type Simulation, simulate } from './simulate.ts';
