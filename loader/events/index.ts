// SPDX-License-Identifier: MIT
export type {
  AreaPurpose,
  EventBody,
  EventStamp,
  LoadStage,
  TraceEvent,
  Tracer,
  WastedBytes,
} from './event.ts';
export {
  type BodyOf,
  EVENT_FIELDS,
  EVENT_KINDS,
  type EventField,
  LOAD_STAGES,
  WASTED_KEYS,
} from './event-fields.ts';
export { EventLog, type EventSink } from './event-log.ts';
export { EventRecorder } from './event-recorder.ts';
export { RequestLog } from './request-log.ts';
