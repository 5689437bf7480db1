/** The kernel's own vmalloc tests on the model: table of contents. */
export { type CaseRun, TEST_CASES, type TestCase } from './cases.ts';
export type { KvfreeRcuTiming } from './kvfree-rcu.ts';
export { TestMachine, type TestMachineOptions } from './machine.ts';
export { DEFAULT_PARAMETERS, type TestVmallocParameters } from './parameters.ts';
export { type CaseOutcome, runTestVmalloc, type TestVmallocResult } from './run.ts';
export { summaryLine, summaryLines } from './summary.ts';
