// SPDX-License-Identifier: MIT
/** Requests with their times as steps: what overlapped runs in parallel, pauses become sleeps. */
import type { Nanos } from '../base/index.ts';
import type { SeenRequest } from './facts.ts';

export type StepInput = Readonly<Record<string, unknown>>;

export interface MeasuredCall {
  readonly op: string;
  readonly target: string;
  readonly ret?: number;
}

export interface RequestSteps {
  readonly steps: StepInput[];
  /** In the order of the steps. */
  readonly calls: MeasuredCall[];
  /** Names of the modules that are asked for, in order. */
  readonly modules: readonly string[];
}

/** `parallel` takes so many. */
const MOST_PARALLEL = 4096;
const MS: Nanos = 1_000_000;
/** Longer pauses change nothing any more: all grace periods and timers are over. */
const LONGEST_PAUSE_MS = 120_000;

/** `/lib/modules/6.1.0/kernel/fs/xfs/xfs.ko` → `xfs` */
export function moduleName(target: string): string {
  const base = target.slice(target.lastIndexOf('/') + 1);
  return base.replace(/\.ko(?:\.(?:gz|xz|zst))?$/, '').replaceAll('-', '_');
}

/** MODULE_INIT_COMPRESSED_FILE: include/uapi/linux/module.h, Linux 6.12. */
export const COMPRESSED_FILE = 4;

/**
 * `paths` finds the file of a module in the scenario's source; without one the path is kept. The
 * flag of compressed files goes with the file: it is set where the path found ends so.
 */
export function requestSteps(
  requests: readonly SeenRequest[],
  paths: (name: string, path: string) => string | undefined,
): RequestSteps {
  const sorted = requests
    .filter((request) => request.target !== '')
    .map((request, index) => ({ request, index }))
    .sort((a, b) => a.request.start - b.request.start || a.index - b.index)
    .map(({ request }) => request);
  const steps: StepInput[] = [];
  const calls: MeasuredCall[] = [];
  const modules = new Set<string>();
  let group: SeenRequest[] = [];
  let groupEnd: Nanos = 0;
  let quietSince: Nanos | undefined;
  const flush = (): void => {
    const [first] = group;
    if (first === undefined) return;
    if (quietSince !== undefined && first.start > quietSince) {
      const pause = Math.min(
        LONGEST_PAUSE_MS,
        Math.round((first.start - quietSince) / 1000) / 1000,
      );
      if (pause > 0) steps.push({ sleep_ms: pause });
    }
    for (let from = 0; from < group.length; from += MOST_PARALLEL) {
      const part = group.slice(from, from + MOST_PARALLEL);
      for (const { op, target, ret } of part) {
        calls.push({ op, target, ...(ret === undefined ? {} : { ret }) });
      }
      if (part.length === 1) steps.push(stepOf(first, paths));
      else {
        steps.push({
          parallel: part.map((request) => ({
            step: stepOf(request, paths),
            delay_ms: Math.max(0, request.start - first.start) / MS,
          })),
        });
      }
    }
    quietSince = groupEnd;
    group = [];
  };
  for (const request of sorted) {
    if (request.op !== 'uevent' && request.op !== 'request_module') {
      modules.add(moduleName(request.target));
    }
    if (group.length > 0 && request.start >= groupEnd) flush();
    group.push(request);
    groupEnd = Math.max(
      group.length === 1 ? request.start : groupEnd,
      request.end ?? request.start,
    );
  }
  flush();
  return { steps, calls, modules: [...modules] };
}

function stepOf(
  { op, target, flags, args }: SeenRequest,
  paths: (name: string, path: string) => string | undefined,
): StepInput {
  const extra = args === '' ? {} : { args };
  switch (op) {
    case 'finit_module': {
      const path = paths(moduleName(target), target) ?? target;
      const packed = /\.ko$/.test(path) ? 0 : flags & COMPRESSED_FILE;
      const bits = ((flags & ~COMPRESSED_FILE) | packed) >>> 0;
      return { finit_module: path, ...(bits === 0 ? {} : { flags: bits }), ...extra };
    }
    case 'init_module':
      return { init_module: paths(moduleName(target), target) ?? target, ...extra };
    case 'delete_module':
      return { delete_module: moduleName(target), flags };
    case 'request_module':
      return { request_module: target, wait: flags !== 0 };
    case 'uevent':
      return { uevent: target };
  }
}
