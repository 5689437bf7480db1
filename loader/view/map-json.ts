// SPDX-License-Identifier: MIT
/** The address space at one moment as a JSON document. Keys are promises: add, do not rename. */
import { type Bytes, type CpuId, formatHex, type Nanos, type PageCount } from '../base/index.ts';
import type { AreaPurpose, LoadStage } from '../events/index.ts';
import type { AddressMap } from './address-map.ts';
import type { AddressState } from './address-state.ts';
import { explainFailure, failureFacts } from './explain-failure.ts';
import type { FailedAllocation } from './failure-tracker.ts';
import { MAP_CLASSES } from './map-classes.ts';
import { classBytes } from './page-map.ts';

/** Addresses are whole, in hexadecimal; sizes include guard pages. */
export interface WindowJson {
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly total: Bytes;
  readonly used: Bytes;
  readonly lazy: Bytes;
  readonly free: Bytes;
  readonly used_areas: number;
  readonly lazy_areas: number;
  readonly free_areas: number;
  readonly largest_free: Bytes;
  readonly largest_free_start: string | null;
  readonly external_fragmentation: number;
  /** Bytes by what they are for, guard pages apart. */
  readonly by_class: Readonly<Record<string, Bytes>>;
  readonly holes: readonly { readonly start: string; readonly size: Bytes }[];
}

export interface AreaJson {
  readonly start: string;
  readonly size: Bytes;
  readonly state: 'busy' | 'lazy';
  readonly pages: PageCount;
  readonly purpose: AreaPurpose;
  readonly caller: string;
  readonly module: string;
  readonly request: number;
  readonly stage: LoadStage | null;
  readonly cpu: CpuId;
  readonly since_ns: Nanos;
  readonly freed_ns: Nanos | null;
}

export interface FailureJson {
  readonly seq: number;
  readonly t_ns: Nanos;
  readonly cpu: CpuId;
  readonly task: string;
  readonly size: Bytes;
  readonly align: Bytes;
  readonly vstart: string;
  readonly vend: string;
  readonly request: number;
  readonly stage: LoadStage | null;
  readonly sentence: string;
}

export interface StateJson {
  readonly t_ns: Nanos;
  /** Number of the last event that changed the address space. */
  readonly changed_seq: number;
  readonly windows: readonly WindowJson[];
  readonly areas: readonly AreaJson[];
  readonly failure: FailureJson | null;
}

/** Everything about one moment; `failure` is the one to be told with it. */
export function stateJson(
  map: AddressMap,
  state: AddressState,
  failure: FailedAllocation | null = null,
): StateJson {
  const hex = (va: number): string => formatHex(map.space, va);
  return {
    t_ns: state.t,
    changed_seq: state.changed.seq,
    windows: state.windows.map((window) => {
      const summary = state.summary(window);
      const bytes = classBytes(state, window.start, window.end);
      const { largest } = summary;
      return {
        name: window.name,
        start: hex(window.start),
        end: hex(window.end),
        total: summary.total,
        used: summary.used,
        lazy: summary.lazy,
        free: summary.free,
        used_areas: summary.usedAreas,
        lazy_areas: summary.lazyAreas,
        free_areas: summary.holes,
        largest_free: largest?.size ?? 0,
        largest_free_start: largest === null ? null : hex(largest.start),
        external_fragmentation: summary.externalFragmentation,
        by_class: Object.fromEntries(MAP_CLASSES.map((name, code) => [name, bytes[code]!])),
        holes: state
          .holesIn(window.start, window.end)
          .map(({ start, size }) => ({ start: hex(start), size })),
      };
    }),
    areas: Array.from({ length: state.count }, (_, index): AreaJson => {
      const area = state.area(index);
      return {
        start: hex(area.start),
        size: area.size,
        state: area.freed === null ? 'busy' : 'lazy',
        pages: area.pages,
        purpose: area.purpose,
        caller: area.caller,
        module: area.module,
        request: area.request,
        stage: area.stage,
        cpu: area.cpu,
        since_ns: area.since,
        freed_ns: area.freed,
      };
    }),
    failure: failure === null ? null : failureJson(map, failure),
  };
}

function failureJson(map: AddressMap, failure: FailedAllocation): FailureJson {
  const { seq, t, cpu, task, size, align, vstart, vend, request, stage } = failure;
  return {
    seq,
    t_ns: t,
    cpu,
    task,
    size,
    align,
    vstart: formatHex(map.space, vstart),
    vend: formatHex(map.space, vend),
    request,
    stage,
    sentence: explainFailure(failureFacts(map, failure)),
  };
}
