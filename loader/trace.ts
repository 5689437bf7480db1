// SPDX-License-Identifier: MIT
/**
 * Events and the texts made of them, as the package's entry `modstorm/trace`: the vocabulary,
 * events.jsonl, the text of a kernel trace, and trace-event JSON.
 */

export * from './events/index.ts';
export * from './export/index.ts';
