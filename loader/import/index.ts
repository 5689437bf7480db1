// SPDX-License-Identifier: MIT
export { BoundedLines, type LineProblem, LONGEST_LINE } from './bounded-lines.ts';
export { vmallocBounds } from './bounds.ts';
export { buildScenario, type Imported, type ImportOptions } from './build-scenario.ts';
export { EvidenceReader, FORMATS } from './evidence-reader.ts';
export { type ExplainDocument, explainDocument } from './explain.ts';
export { explainText } from './explain-text.ts';
export {
  Facts,
  type FileCount,
  LIMITS,
  type Provenance,
  placeText,
  type SeenRequest,
  type SeenSpace,
  type Unusable,
} from './facts.ts';
export { findMessage, MESSAGE_RULES, type MessageRule } from './messages.ts';
export { type MeasuredCall, moduleName } from './request-steps.ts';
export { type Sniffed, sniff } from './sniff.ts';
export {
  compareSpaces,
  type HolderRow,
  reportSpace,
  type SpaceChange,
  type SpaceReport,
} from './space-report.ts';
