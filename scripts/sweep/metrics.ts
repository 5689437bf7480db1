// SPDX-License-Identifier: MIT
import type { RunSummary } from '../cli/run-summary.ts';

export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly unit: 'bytes' | 'ns' | '';
  value(run: RunSummary): number;
}

/** The results that a sweep tabulates. */
export const METRICS: readonly Metric[] = [
  {
    name: 'wasted_total',
    title: 'bytes wasted',
    unit: 'bytes',
    value: (run) => run.wasted_total,
  },
  {
    name: 'wasted_becoming',
    title: 'bytes wasted on becoming',
    unit: 'bytes',
    value: (run) => run.wasted.becoming,
  },
  {
    name: 'wasted_load',
    title: 'bytes wasted on load',
    unit: 'bytes',
    value: (run) => run.wasted.load,
  },
  { name: 'failed_total', title: 'failed loads', unit: '', value: (run) => run.failed_total },
  {
    name: 'peak_used',
    title: 'peak of the address space',
    unit: 'bytes',
    value: (run) => run.peak_used,
  },
  { name: 'settle_ns', title: 'time to settle', unit: 'ns', value: (run) => run.settle_ns },
  { name: 'loaded', title: 'modules loaded', unit: '', value: (run) => run.modules_loaded },
  {
    name: 'out_of_space',
    title: 'runs with a failed allocation',
    unit: '',
    value: (run) => (run.first_failure === null ? 0 : 1),
  },
];
