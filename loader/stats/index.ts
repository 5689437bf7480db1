// SPDX-License-Identifier: MIT
export {
  COUNTER_NAMES,
  type CounterName,
  type DuplicateReason,
  type DuplicateRow,
  ModuleStats,
} from './module-stats.ts';
export { statsText } from './stats-text.ts';
