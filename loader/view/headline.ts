// SPDX-License-Identifier: MIT
/** The answer of a run in a sentence or two, in parts that know what they speak of. */
import { type Bytes, errnoName, exactTime, formatBytes, groupDigits } from '../base/index.ts';
import type { AddressMap } from './address-map.ts';
import type { AddressState } from './address-state.ts';
import type { FailedAllocation } from './failure-tracker.ts';
import { baseName, moduleNameOf, type TrackLog } from './track-log.ts';

/** What a part of the sentence speaks of. */
export type HeadlineLink =
  | { readonly to: 'failure' }
  | { readonly to: 'module'; readonly module: string }
  | { readonly to: 'request'; readonly request: number }
  | { readonly to: 'hole'; readonly seq: number };

export interface HeadlinePart {
  readonly text: string;
  readonly link: HeadlineLink | null;
}

export interface Headline {
  /** `bad`: an allocation failed; `warn`: loads were refused, or bytes wasted. */
  readonly tone: 'good' | 'warn' | 'bad';
  readonly parts: readonly HeadlinePart[];
}

/** Copies of one module beyond the first, in a moment. */
export interface Copies {
  readonly module: string;
  readonly copies: number;
  readonly bytes: Bytes;
}

export function headline(map: AddressMap, log: TrackLog): Headline {
  const failure = map.firstFailure;
  return failure === null
    ? withoutFailure(map, log)
    : { tone: 'bad', parts: ofFailure(map, failure) };
}

function ofFailure(map: AddressMap, failure: FailedAllocation): HeadlinePart[] {
  const state = map.stateAt(failure);
  const request = map.requests.get(failure.request);
  const holes = state.holesIn(failure.vstart, failure.vend);
  const hole = holes.reduce((most, { size }) => Math.max(most, size), 0);
  const [wanted, largest] = apart(failure.size, hole);
  const name = request === undefined ? '' : baseName(request.subject);
  const who: HeadlinePart =
    request === undefined || name === ''
      ? plain(`Task ${failure.task}`)
      : {
          text: request.op === 'finit_module' || request.op === 'init_module' ? `${name}.ko` : name,
          link: { to: 'request', request: failure.request },
        };
  const parts: HeadlinePart[] = [
    who,
    plain(request === undefined ? ' got no room' : ' could not load'),
    plain(' at '),
    { text: exactTime(failure.t), link: { to: 'failure' } },
    plain(`: it wanted ${wanted}, the largest hole was `),
    { text: largest, link: { to: 'hole', seq: failure.seq } },
  ];
  if (hole >= failure.size) {
    parts.push(plain(` but none held it at a multiple of ${formatBytes(failure.align)}`));
  }
  const [most] = copiesIn(map, state);
  if (most !== undefined) {
    const copies =
      most.copies === 1 ? '1 duplicate copy' : `${groupDigits(most.copies)} duplicate copies`;
    parts.push(
      plain(`; ${copies} of `),
      { text: most.module, link: { to: 'module', module: most.module } },
      plain(` held ${formatBytes(most.bytes)}`),
    );
  }
  parts.push(plain('.'));
  return parts;
}

function withoutFailure(map: AddressMap, log: TrackLog): Headline {
  const { bytes, requests, modules } = log.totals(0, Number.POSITIVE_INFINITY);
  const refused = refusals(map, log);
  const parts: HeadlinePart[] = [...refused, plain('Every allocation found room')];
  const tone = refused.length > 0 || bytes > 0 ? 'warn' : 'good';
  if (bytes === 0) return { tone, parts: [...parts, plain('; nothing was wasted.')] };
  const [first] = modules;
  const loads = requests === 1 ? '1 load' : `${groupDigits(requests)} loads`;
  parts.push(plain(`; ${formatBytes(bytes)} were wasted in ${loads} that came to nothing`));
  if (first !== undefined) {
    parts.push(
      plain(', most of them by '),
      { text: first.name, link: { to: 'module', module: first.name } },
      plain(` (${formatBytes(first.bytes)})`),
    );
  }
  return { tone, parts: [...parts, plain('.')] };
}

/** Loads that were refused for another reason than that the module is there. */
function refusals(map: AddressMap, { loads, refused, firstRefused }: TrackLog): HeadlinePart[] {
  if (refused === 0) return [];
  const { ret, subject, request } = map.requests.at(firstRefused);
  const all = refused === loads ? 'All' : `${groupDigits(refused)} of`;
  return [
    plain(`${all} ${groupDigits(loads)} loads were refused, the first, `),
    { text: subject.slice(subject.lastIndexOf('/') + 1), link: { to: 'request', request } },
    plain(`, with -${errnoName(ret ?? 0)}. `),
  ];
}

/** Modules that more than one request holds space for in a moment, most bytes first. */
export function copiesIn(map: AddressMap, state: AddressState): Copies[] {
  const held = new Map<string, Map<number, number>>();
  for (let i = 0; i < state.count; i += 1) {
    if (state.isLazy(i)) continue;
    const { request, size } = state.area(i);
    const facts = request === 0 ? undefined : map.requests.get(request);
    if (facts === undefined) continue;
    const name = moduleNameOf(facts);
    let requests = held.get(name);
    if (requests === undefined) {
      requests = new Map();
      held.set(name, requests);
    }
    requests.set(request, (requests.get(request) ?? 0) + size);
  }
  const found: Copies[] = [];
  for (const [module, requests] of held) {
    if (requests.size < 2) continue;
    const sizes = [...requests.values()];
    // One of them is the module; which one is not known yet, so the largest is taken to be it.
    const bytes = sizes.reduce((sum, size) => sum + size, 0) - Math.max(...sizes);
    found.push({ module, copies: requests.size - 1, bytes });
  }
  return found.sort((a, b) => b.bytes - a.bytes || (a.module < b.module ? -1 : 1));
}

/** Two sizes in words that differ when the sizes do, in the same unit. */
export function apart(a: Bytes, b: Bytes): readonly [string, string] {
  const words = [formatBytes(a), formatBytes(b)] as const;
  const unit = (text: string): string => text.slice(text.lastIndexOf(' '));
  if (a === b || (words[0] !== words[1] && unit(words[0]) === unit(words[1]) && spread(a, b))) {
    return words;
  }
  if (a % 1024 === 0 && b % 1024 === 0) {
    return [`${groupDigits(a / 1024)} KiB`, `${groupDigits(b / 1024)} KiB`];
  }
  return [`${groupDigits(a)} bytes`, `${groupDigits(b)} bytes`];
}

/** Whether two sizes are so far apart that rounded words serve. */
function spread(a: Bytes, b: Bytes): boolean {
  return Math.max(a, b) >= 1.5 * Math.min(a, b);
}

function plain(text: string): HeadlinePart {
  return { text, link: null };
}
