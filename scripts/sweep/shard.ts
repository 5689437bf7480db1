// SPDX-License-Identifier: MIT
/** Which part of a sweep this process does: `2/4` is the second of four. */
import { InputError } from '../cli/input-error.ts';

export interface Shard {
  /** From 1. */
  readonly number: number;
  readonly count: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const WHOLE: Shard = { number: 1, count: 1 };

/** Runs of a shard are those whose index leaves its number behind, so that shards are alike. */
export function inShard(index: number, { number, count }: Shard): boolean {
  return index % count === number - 1;
}

/**
 * From `--shard i/n`, or else from what a Slurm array, a Kubernetes indexed Job (whose size
 * `--shards` must say) or a parallel CI job puts into the environment.
 */
export function shardOf(
  given: string | undefined,
  shards: number | undefined,
  env: Environment,
): Shard {
  if (given !== undefined) {
    const match = /^(\d{1,7})\/(\d{1,7})$/.exec(given);
    const shard = match && { number: Number(match[1]), count: Number(match[2]) };
    if (shard && shard.number >= 1 && shard.number <= shard.count) return shard;
    throw new InputError({ file: '--shard', expected: 'i/n with i from 1 to n', found: given });
  }
  const slurm = number(env, 'SLURM_ARRAY_TASK_ID');
  if (slurm !== undefined) {
    const count = shards ?? number(env, 'SLURM_ARRAY_TASK_COUNT');
    const first = number(env, 'SLURM_ARRAY_TASK_MIN') ?? 1;
    return checked('SLURM_ARRAY_TASK_ID', slurm - first + 1, count);
  }
  const job = number(env, 'JOB_COMPLETION_INDEX');
  if (job !== undefined) return checked('JOB_COMPLETION_INDEX', job + 1, shards);
  const node = number(env, 'CI_NODE_INDEX');
  if (node !== undefined) {
    return checked('CI_NODE_INDEX', node, shards ?? number(env, 'CI_NODE_TOTAL'));
  }
  return WHOLE;
}

function number(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InputError({ file: `environment ${name}`, expected: 'a whole number', found: text });
}

function checked(name: string, index: number, count: number | undefined): Shard {
  if (count === undefined) {
    throw new InputError({
      file: `environment ${name}`,
      expected: 'the number of shards as well (--shards N)',
      found: 'only which one this is',
    });
  }
  if (index >= 1 && index <= count) return { number: index, count };
  throw new InputError({
    file: `environment ${name}`,
    expected: `one of ${count} shards`,
    found: `number ${index}`,
  });
}
