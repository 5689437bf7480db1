// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inShard, shardOf } from '../../../scripts/sweep/shard.ts';

describe('the shard of a sweep', () => {
  it('is what --shard says', () => {
    expect(shardOf('2/4', undefined, { CI_NODE_INDEX: '3', CI_NODE_TOTAL: '9' })).toEqual({
      number: 2,
      count: 4,
    });
  });

  it('is read from a Slurm array, whatever its first index', () => {
    const env = {
      SLURM_ARRAY_TASK_ID: '7',
      SLURM_ARRAY_TASK_COUNT: '4',
      SLURM_ARRAY_TASK_MIN: '5',
    };
    expect(shardOf(undefined, undefined, env)).toEqual({ number: 3, count: 4 });
  });

  it('is read from an indexed Job, whose size must be given', () => {
    const env = { JOB_COMPLETION_INDEX: '0' };
    expect(shardOf(undefined, 8, env)).toEqual({ number: 1, count: 8 });
    expect(() => shardOf(undefined, undefined, env)).toThrow(/--shards N/);
  });

  it('is read from a parallel CI job', () => {
    const env = { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2' };
    expect(shardOf(undefined, undefined, env)).toEqual({ number: 2, count: 2 });
  });

  it('is the whole sweep when nobody says otherwise', () => {
    expect(shardOf(undefined, undefined, {})).toEqual({ number: 1, count: 1 });
  });

  it.each(['0/4', '5/4', '1', 'a/b', '1/0', '-1/2', ''])('cannot be %j', (text) => {
    expect(() => shardOf(text, undefined, {})).toThrow(/--shard: expected i\/n/);
  });

  it.each([
    [{ CI_NODE_INDEX: '3', CI_NODE_TOTAL: '2' }, /number 3/],
    [{ SLURM_ARRAY_TASK_ID: 'x' }, /whole number/],
  ])('of a broken environment is refused', (env, message) => {
    expect(() => shardOf(undefined, undefined, env)).toThrow(message);
  });

  it('has every run in exactly one of its siblings', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 50 }), (index, count) => {
        const owners = Array.from({ length: count }, (_, i) =>
          inShard(index, { number: i + 1, count }),
        );
        expect(owners.filter(Boolean)).toHaveLength(1);
      }),
    );
  });
});
