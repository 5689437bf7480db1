// SPDX-License-Identifier: MIT
/** The kernel's own vmalloc tests on the model: table of contents. */
export { type CaseRun, TEST_CASES, type TestCase } from './cases.ts';
export type { Draws, PercpuDraw } from './draws.ts';
export type { PercpuMemory, PercpuObject, TestHost } from './host.ts';
export {
  freeingOrder,
  type KvfreeQueue,
  type KvfreeRcuTiming,
  pointersPerPage,
} from './kvfree-rcu.ts';
export { TestMachine, type TestMachineOptions } from './machine.ts';
export { DEFAULT_PARAMETERS, parametersOf, type TestVmallocParameters } from './parameters.ts';
export { type CaseOutcome, runTestVmalloc, type TestVmallocResult, testVmalloc } from './run.ts';
export { summaryLine, summaryLines } from './summary.ts';
export { type TestInitHost, vmallocTestInit } from './test-init.ts';
