// SPDX-License-Identifier: MIT
/** What a storm's requesters ask for, made request by request as it is fetched. */

import type { Nanos } from '../base/index.ts';
import { Random } from '../engine/index.ts';
import type { KernelOperation, Operation } from '../session/index.ts';
import type { Arrival, Generator } from './schema-storm.ts';

const US = 1000;

/** One of a generator's askers. */
export interface Requester {
  readonly cpu: number;
  /** Its CPU, or its number among the generator's requesters. */
  readonly key: number;
  /** Which requester of the generator it is, from 0. */
  readonly turn: number;
  readonly generator: number;
  /** When its phase begins. */
  readonly start: Nanos;
  readonly seed: number;
}

/** Where in the program's groups the parts of a generator that need one begin. */
export interface GeneratorGroups {
  /** First group of the copies, one for each requester; undefined without copies. */
  readonly copies: number | undefined;
  /** First group of killed requests, one for each item, of each requester when it has copies. */
  readonly kills: number | undefined;
}

/** A generator with its modules looked up. */
export interface GeneratorPlan {
  readonly generator: Generator;
  /** Paths or names, in order. */
  readonly items: readonly string[];
  /** What asks for each item, where all requesters ask alike. */
  readonly operations: readonly Operation[];
  readonly groups: GeneratorGroups;
}

/** The program of one requester that is a process of its own. */
export function* requestsOf(
  plan: GeneratorPlan,
  requester: Requester,
): globalThis.Generator<Operation> {
  const random = new Random(requester.seed);
  yield { op: 'sleep_until', at: startOf(plan, requester, random) };
  yield* requests(plan, requester, random);
}

/** The program of one process that asks for all requesters, in the order they arrive. */
export function* requestsOfOne(
  plan: GeneratorPlan,
  requesters: readonly Requester[],
): globalThis.Generator<Operation> {
  const arriving = requesters
    .map((requester) => {
      const random = new Random(requester.seed);
      return { requester, random, at: startOf(plan, requester, random) };
    })
    .sort((a, b) => a.at - b.at || a.requester.turn - b.requester.turn);
  if (plan.generator.order !== 'rounds') {
    for (const { requester, random, at } of arriving) {
      yield { op: 'sleep_until', at };
      yield* requests(plan, requester, random);
    }
    return;
  }
  const rounds = arriving.map(({ requester, random, at }) => ({
    at,
    requests: requests(plan, requester, random),
  }));
  for (let left = rounds; left.length > 0; ) {
    const more: typeof rounds = [];
    for (const round of left) {
      const next = round.requests.next();
      if (next.done) continue;
      yield { op: 'sleep_until', at: round.at };
      yield next.value;
      more.push(round);
    }
    left = more;
  }
}

function startOf({ generator }: GeneratorPlan, requester: Requester, random: Random): Nanos {
  const after = arrivalOf(generator.arrival, requester.turn, random);
  return requester.start + Math.round(after * US);
}

function* requests(
  { generator, items, operations, groups }: GeneratorPlan,
  requester: Requester,
  random: Random,
): globalThis.Generator<Operation> {
  if (groups.copies !== undefined) yield { op: 'group', group: groups.copies + requester.turn };
  const order =
    generator.order === 'shuffled' ? random.shuffle(items.map((_, index) => index)) : undefined;
  const kills = killedFrom(groups, requester.turn, items.length);
  let first = true;
  for (let round = 0; round < generator.repeat; round += 1) {
    for (let turn = 0; turn < items.length; turn += 1) {
      const index = order?.[turn] ?? turn;
      if (!first && generator.gap_us > 0) yield { op: 'sleep', ns: generator.gap_us * US };
      first = false;
      const killed = kills !== undefined && random.float() < generator.kill!.share;
      if (killed) yield { op: 'group', group: kills + index };
      else if (groups.copies === undefined) yield operations[index]!;
      else yield requestFor(generator, ownCopy(requester, items[index]!));
      if (generator.op === 'finit_delete') {
        yield { op: 'delete_module', name: moduleNameOf(items[index]!), flags: O_NONBLOCK };
      }
    }
  }
}

function killedFrom(groups: GeneratorGroups, turn: number, items: number): number | undefined {
  if (groups.kills === undefined) return undefined;
  return groups.copies === undefined ? groups.kills : groups.kills + turn * items;
}

/** include/uapi/asm-generic/fcntl.h */
const O_NONBLOCK = 2048;
/** MODULE_INIT_COMPRESSED_FILE, include/uapi/linux/module.h, Linux 6.12 */
const COMPRESSED_FILE = 4;
const COMPRESSED_NAME = /\.ko\.(gz|xz|zst)$/;

export function requestFor(generator: Generator, item: string): KernelOperation {
  const { args } = generator;
  switch (generator.op) {
    case 'finit_module':
    case 'finit_delete':
      return {
        op: 'finit_module',
        path: item,
        flags: COMPRESSED_NAME.test(item) ? COMPRESSED_FILE : 0,
        args,
      };
    case 'init_module':
      return {
        op: 'init_module',
        path: item,
        args,
        ...(COMPRESSED_NAME.test(item) ? { unpack: true } : {}),
      };
    case 'modprobe':
      return { op: 'modprobe', name: item, args };
    case 'request_module':
      return { op: 'request_module', name: item, wait: generator.wait };
    case 'uevent':
      return { op: 'uevent', modalias: item };
  }
}

/** Where a requester's own copy of a file lies. */
export function ownCopy({ generator, key }: Requester, path: string): string {
  return `/tmp/storm-${generator}-${key}/${path.slice(path.lastIndexOf('/') + 1)}`;
}

/** `kernel/fs/xfs/xfs.ko.xz` → `xfs`; dashes become underscores, as the kernel names modules. */
export function moduleNameOf(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  return base.replace(/\.ko(\.(gz|xz|zst))?$/, '').replaceAll('-', '_');
}

/** When a requester begins, in microseconds after its phase. */
function arrivalOf(arrival: Arrival, turn: number, random: Random): number {
  if ('at_us' in arrival) return arrival.at_us;
  if ('every_us' in arrival) return arrival.from_us + turn * arrival.every_us;
  if ('uniform_us' in arrival) {
    const [from, to] = arrival.uniform_us;
    return from + random.float() * (to - from);
  }
  if ('normal_us' in arrival) return Math.max(0, random.normal(...arrival.normal_us));
  return arrival.from_us + random.exponential(arrival.exponential_us);
}
