// SPDX-License-Identifier: MIT
/** Why an allocation failed, in one plain sentence. */
import { type Bytes, formatBytes, formatTime, groupDigits, PAGE_SIZE } from '../base/index.ts';
import type { LoadStage } from '../events/index.ts';
import type { AddressMap } from './address-map.ts';
import type { AddressState, Hole } from './address-state.ts';
import type { FailedAllocation } from './failure-tracker.ts';
import { MAP_CLASSES, MAP_LOOKS, type MapClass } from './map-classes.ts';
import { classBytes } from './page-map.ts';

/** Who asked; without a request only the task is known. */
export interface FailedRequest {
  readonly op: string;
  readonly subject: string;
}

export interface Holder {
  readonly name: MapClass;
  readonly bytes: Bytes;
}

/** What the sentence is made of. */
export interface FailureFacts {
  readonly failure: FailedAllocation;
  readonly request: FailedRequest | null;
  /** Bytes of the range that was searched. */
  readonly searched: Bytes;
  /** Holes of that range in the moment of the failure. */
  readonly holes: readonly Hole[];
  /** What fills the rest of it, largest first; guard pages apart, nothing empty. */
  readonly holders: readonly Holder[];
}

/** The facts of a failure, from the state it happened in. */
export function failureFacts(
  map: AddressMap,
  failure: FailedAllocation,
  state: AddressState = map.stateAt(failure),
): FailureFacts {
  const { vstart, vend } = failure;
  const bytes = classBytes(state, vstart, vend);
  const holders = MAP_CLASSES.map((name, code) => ({ name, bytes: bytes[code]! }))
    .filter((holder) => holder.name !== 'free' && holder.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return {
    failure,
    request: map.requests.get(failure.request) ?? null,
    searched: vend - vstart,
    holes: state.holesIn(vstart, vend),
    holders,
  };
}

/** The first failure of a run in one sentence, or null when nothing failed. */
export function explainFirstFailure(map: AddressMap): string | null {
  const failure = map.firstFailure;
  return failure === null ? null : explainFailure(failureFacts(map, failure));
}

/** What was asked for, and why there was no room for it. */
export function explainFailure(facts: FailureFacts): string {
  const { failure } = facts;
  const { size, align, t } = failure;
  const aligned = align > PAGE_SIZE ? ` at a multiple of ${formatBytes(align)}` : '';
  const asked =
    `${who(facts)} at ${formatTime(t)} wanted ${groupDigits(size)} bytes${aligned}, ` +
    `guard page included, for ${purposeOf(facts)}`;
  return `${asked}; ${why(facts)}${held(facts)}.`;
}

function who({ failure, request }: FailureFacts): string {
  if (request === null) return `Task ${failure.task}`;
  const { op, subject } = request;
  const name = subject.slice(subject.lastIndexOf('/') + 1);
  return name === '' ? op : `${op} of ${name}`;
}

const STAGE_WORDS: Readonly<Partial<Record<LoadStage, string>>> = {
  kread: 'its file copy',
  decompress: 'its decompression',
  becoming: 'its module memory',
  load: 'its module memory',
  init: 'an allocation of its init',
};

function purposeOf({ failure, request }: FailureFacts): string {
  const copying = request?.op === 'init_module' && failure.stage === 'request';
  if (copying) return 'its copy of the image';
  return (failure.stage && STAGE_WORDS[failure.stage]) ?? 'an allocation';
}

function why({ failure, holes }: FailureFacts): string {
  const { size, align } = failure;
  const free = holes.reduce((sum, hole) => sum + hole.size, 0);
  const largest = holes.reduce((most, hole) => Math.max(most, hole.size), 0);
  if (free === 0) return 'nothing was free';
  const amount = formatBytes(free);
  const fitting = holes.find(({ start, size: room }) => {
    const at = Math.ceil(start / align) * align;
    return at + size <= start + room;
  });
  if (fitting !== undefined) {
    const hole = formatBytes(fitting.size);
    return align > PAGE_SIZE
      ? `a hole of ${hole} would have held it, but the search passes over holes of less than ` +
          `${formatBytes(size + align - 1)}, size plus alignment`
      : `${amount} were free, in a hole of ${hole} among others, and yet the search failed`;
  }
  if (largest >= size) {
    return `${amount} were free and the largest hole was ${formatBytes(largest)}, but none held it at that alignment`;
  }
  if (free < size) {
    return holes.length === 1
      ? `only ${amount} were free`
      : `only ${amount} were free, the largest hole was ${formatBytes(largest)}`;
  }
  return `${amount} were free but the largest hole was ${formatBytes(largest)}`;
}

/** The three largest holders, in brackets. */
function held({ holders, searched }: FailureFacts): string {
  const words = holders.slice(0, 3).map(({ name, bytes }, i) => {
    const verb = i === 0 ? ' held' : '';
    return `${MAP_LOOKS[name].label}${verb} ${formatBytes(bytes)}`;
  });
  if (words.length === 0) return '';
  const last = words.pop()!;
  const list = words.length === 0 ? last : `${words.join(', ')} and ${last}`;
  return ` (of ${formatBytes(searched)}, ${list})`;
}
