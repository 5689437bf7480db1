// SPDX-License-Identifier: MIT
export { formatFtraceLine, ftraceHeader } from './ftrace-text.ts';
export { EventLineReader, EventLineWriter, formatEventLine } from './jsonl.ts';
export { TraceEventJsonWriter } from './trace-event-json.ts';
