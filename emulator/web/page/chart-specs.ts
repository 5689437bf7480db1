// SPDX-License-Identifier: MIT
/** Which quantities the charts show, in which colours, and how their values read. */
import { formatBytes, formatShare } from '../../../loader/base/index.ts';
import type { SeriesName } from '../../../loader/view/index.ts';

export interface ChartLine {
  readonly name: SeriesName;
  readonly label: string;
  readonly light: string;
  readonly dark: string;
  /** Lengths of dashes, for lines that share a chart with others. */
  readonly dash: readonly number[];
  /** From 0 to 1, on a scale of its own. */
  readonly share?: boolean;
}

export interface ChartSpec {
  readonly title: string;
  /** Lines from 0, or areas on top of each other. */
  readonly form: 'lines' | 'stack';
  readonly lines: readonly ChartLine[];
  readonly text: (value: number) => string;
  /** Whether pictures of the map tell its values to the event. */
  readonly exact?: boolean;
}

function line(
  name: SeriesName,
  label: string,
  light: string,
  dark = light,
  dash: readonly number[] = [],
): ChartLine {
  return { name, label, light, dark, dash };
}

export const CHARTS: readonly ChartSpec[] = [
  {
    title: 'Space',
    exact: true,
    form: 'lines',
    text: formatBytes,
    lines: [
      line('used', 'used', '#0072b2', '#2a8fd0'),
      line('lazy', 'parked', '#77818b', '#9aa4ae', [2, 2]),
      line('largest_hole', 'largest hole', '#00734f', '#12b888', [7, 3]),
      { ...line('fragmentation', 'fragmentation', '#b84a00', '#e66f1a', [1, 3]), share: true },
    ],
  },
  {
    title: 'Wasted',
    form: 'stack',
    text: formatBytes,
    lines: [
      line('wasted_kread', 'kread', '#e69f00'),
      line('wasted_decompress', 'decompress', '#d55e00'),
      line('wasted_becoming', 'becoming', '#cc79a7'),
      line('wasted_load', 'load', '#0072b2', '#2a8fd0'),
    ],
  },
  {
    title: 'Requests',
    form: 'lines',
    text: (value) => String(Math.round(value)),
    lines: [
      line('in_flight', 'in flight', '#0072b2', '#2a8fd0'),
      line('semaphore', 'semaphore slots', '#b84a00', '#e66f1a', [5, 3]),
      line('semaphore_waiters', 'waiting for one', '#77818b', '#9aa4ae', [2, 2]),
    ],
  },
];

export function valueText(spec: ChartSpec, { share }: ChartLine, value: number): string {
  return share === true ? formatShare(value) : spec.text(value);
}
