// SPDX-License-Identifier: MIT
/** What must hold, as ratios inside one run wherever it can be, and whether it did. */

export interface Budget {
  readonly name: string;
  readonly what: string;
  /** The measured value may be at most, or must be at least, this. */
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Behind the numbers; '' for a ratio. */
  readonly unit: string;
}

export const BUDGETS: readonly Budget[] = [
  {
    name: 'allocator-growth',
    what: 'time of alloc+free, 100,000 live areas / 1,000',
    atMost: 2.5,
    unit: '',
  },
  {
    name: 'allocator-naive',
    what: 'sorted-array first fit / allocator, 10,000 live areas',
    atLeast: 20,
    unit: '',
  },
  {
    name: 'port',
    what: 'rate of no-op requests / of bare out+in pairs',
    atLeast: 0.25,
    unit: '',
  },
  {
    name: 'storm-growth',
    what: 'replay time from 64 to 1,024 CPUs, exponent',
    atMost: 1.15,
    unit: '',
  },
  {
    name: 'event-memory',
    what: 'resident memory, 10 million events to disk',
    atMost: 1.5,
    unit: ' GB',
  },
  {
    name: 'guest-start',
    what: 'process start to first request served',
    atMost: 1,
    unit: ' s',
  },
  {
    // No bound: a figure to know, not a promise.
    name: 'kernel-churn',
    what: 'time of the churn suite on a real Linux in v86 / in the model',
    unit: '',
  },
  {
    name: 'kernel-test-vmalloc',
    what: 'time of test_vmalloc on a real Linux in v86 / in the model',
    unit: '',
  },
  {
    name: 'kernel-storm',
    what: 'time of a storm of 255 CPUs: real Linux in v86, one by one / replay',
    atLeast: 100,
    unit: '',
  },
];

/** A value for a budget, or why there is none. */
export type Measurement =
  | {
      readonly budget: string;
      readonly value: number;
      /** What it was made of. */
      readonly detail: string;
    }
  | { readonly budget: string; readonly skipped: string };

export type Verdict = 'ok' | 'missed' | 'skipped';

export interface Row extends Budget {
  readonly verdict: Verdict;
  /** Absent when skipped. */
  readonly value?: number;
  /** What the value was made of, or why it is not there. */
  readonly detail: string;
}

/** Holds a measurement against its budget. */
export function judge(measured: Measurement, budgets: readonly Budget[] = BUDGETS): Row {
  const budget = budgets.find(({ name }) => name === measured.budget);
  if (budget === undefined) throw new Error(`no budget ${measured.budget}`);
  if ('skipped' in measured) return { ...budget, verdict: 'skipped', detail: measured.skipped };
  const { value, detail } = measured;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = budget;
  // Written so that a value that is no number is missed.
  const kept = value <= atMost && value >= atLeast;
  return { ...budget, verdict: kept ? 'ok' : 'missed', value, detail };
}

/** `<= 2.5`, `>= 0.25`, `<= 1 s`; nothing for a figure without a bound. */
export function boundText({ atMost, atLeast, unit }: Budget): string {
  if (atMost !== undefined) return `<= ${atMost}${unit}`;
  return atLeast === undefined ? '' : `>= ${atLeast}${unit}`;
}
