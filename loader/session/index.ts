export { driveSession, driveSteps } from './drive-session.ts';
export type { KernelOperation } from './execute-operation.ts';
export { checkExpectations } from './expectations.ts';
export type { FirstFailure } from './first-failure.ts';
export {
  type Arrival,
  type ArrivingProcess,
  type ArrivingSignal,
  type ContextProgram,
  type Hotplug,
  type Operation,
  type OperationName,
  type ProcessGroup,
  type Program,
  subjectOf,
} from './operation.ts';
export type { PortSession, SessionCompletion } from './port-session.ts';
export type {
  AllocationFailure,
  CallResult,
  CallTally,
  PeakUse,
  RunResult,
  UnmetExpectation,
} from './result.ts';
export { RunObserver } from './run-observer.ts';
export type { ArrivalAnswer, RequestRecord, SessionObserver } from './session.ts';
export { Session } from './session.ts';
export { explainStuck, type StuckTask, stuckTasks } from './stuck.ts';
