// SPDX-License-Identifier: MIT
import { availableParallelism, totalmem } from 'node:os';
import { basename } from 'node:path';
import { bytesText } from '../cli/byte-text.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { InputError } from '../cli/input-error.ts';
import { Progress } from '../cli/progress.ts';
import { printWarnings } from '../cli/warnings.ts';
import { RunStore, readStore, type StoredRun } from './run-store.ts';
import { inShard, type Shard, shardOf } from './shard.ts';
import { writeSweep } from './sweep-outputs.ts';
import { SweepPlan, type SweepRun } from './sweep-plan.ts';
import { runPool } from './sweep-pool.ts';

export interface SweepOptions {
  readonly file: string;
  readonly out?: string | undefined;
  readonly jobs?: number | undefined;
  readonly shard?: string | undefined;
  readonly shards?: number | undefined;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Runs above which nobody means it. */
const MANY_RUNS = 1_000_000;
/** A worker at rest, and what each simulated CPU of a boot adds to it at most (measured). */
const WORKER_BYTES = 200 * 1024 * 1024;
const CPU_BYTES = 1024 * 1024;

/** `sweep`: every combination of a file's values, in worker threads; goes on where it stopped. */
export async function sweepCommand(
  options: SweepOptions,
  context: CommandContext,
): Promise<number> {
  const plan = new SweepPlan(options.file);
  const shard = shardOf(options.shard, options.shards, process.env);
  const mine = Math.ceil((plan.total - shard.number + 1) / shard.count);
  const jobs = Math.max(1, Math.min(options.jobs ?? availableParallelism(), mine));
  if (!options.yes) refuseTooMuch(plan, mine, jobs);
  const dir = options.out ?? defaultDirectory(options.file, shard);
  const store = new RunStore(dir, plan, shard);
  const progress = new Progress();
  const warnings = new Set<string>();
  try {
    await runPool({
      plan,
      jobs,
      context,
      runs: remaining(plan, shard, store),
      onResult: (run, summary, warned) => {
        store.add(run, summary);
        for (const text of warned) warnings.add(text);
        progress.show(() => `${store.runs.size} of ${mine} runs`);
      },
    });
  } finally {
    progress.clear();
    store.close();
  }
  printWarnings(warnings);
  if (shard.count === 1) return await report(plan, dir, store.runs.values(), options.json, context);
  const done = `shard ${shard.number}/${shard.count} of ${plan.name}: ${mine} runs in ${dir}\n`;
  if (options.json) {
    const document = { version: 1, name: plan.name, shard, runs: mine, dir };
    await context.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    await context.write(`${done}modstorm merge puts all shards together\n`);
  }
  return 0;
}

export interface MergeOptions {
  readonly file: string;
  readonly shards: readonly string[];
  readonly out: string;
  readonly json: boolean;
}

/** `merge`: the table of a sweep from the directories of all its shards. */
export async function mergeCommand(
  options: MergeOptions,
  context: CommandContext,
): Promise<number> {
  const plan = new SweepPlan(options.file);
  const runs = new Map<number, StoredRun>();
  const from = new Map<number, string>();
  for (const dir of options.shards) {
    const { header, runs: found } = readStore(dir);
    if (header.hash !== plan.hash) {
      throw new InputError({
        file: dir,
        expected: `results of ${options.file} (${plan.hash})`,
        found: `results of ${header.sweep} (${header.hash})`,
      });
    }
    for (const run of found) {
      const other = from.get(run.index);
      if (other !== undefined) {
        throw new InputError({
          file: dir,
          expected: 'runs that no other shard has',
          found: `run ${run.index}, which is in ${other} as well`,
        });
      }
      from.set(run.index, dir);
      runs.set(run.index, run);
    }
  }
  if (runs.size < plan.total) {
    let missing = 0;
    while (runs.has(missing)) missing += 1;
    throw new InputError({
      file: options.shards.join(' '),
      expected: `all ${plan.total} runs of ${plan.name}`,
      found: `${runs.size}; run ${missing} is the first that is missing`,
    });
  }
  const whole = new RunStore(options.out, plan, { number: 1, count: 1 });
  for (let index = 0; index < plan.total; index += 1) {
    if (!whole.runs.has(index)) whole.add(plan.run(index), runs.get(index)!.summary);
  }
  whole.close();
  return await report(plan, options.out, whole.runs.values(), options.json, context);
}

async function report(
  plan: SweepPlan,
  dir: string,
  runs: Iterable<StoredRun>,
  json: boolean,
  context: CommandContext,
): Promise<number> {
  const table = writeSweep(dir, plan, runs);
  if (json) {
    const document = { version: 1, name: plan.name, hash: plan.hash, total: plan.total, ...table };
    await context.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  const lines = table.rows.map(({ values, runs: count, metrics }) => {
    const where = table.fields.map((field, i) => `${field}=${values[i]}`).join(' ');
    const { mean, ci95 } = metrics.wasted_total!;
    const spread = ci95 === 0 ? '' : ` ± ${bytesText(Math.round(ci95))}`;
    return `  ${where}: ${bytesText(Math.round(mean))}${spread} wasted (${count} ${count === 1 ? 'run' : 'runs'})`;
  });
  const shown =
    lines.length > 40 ? [...lines.slice(0, 40), `  ${lines.length - 40} more rows`] : lines;
  await context.write(`${plan.name}: ${plan.total} runs\n${shown.join('\n')}\n\ntable in ${dir}\n`);
  return 0;
}

function* remaining(plan: SweepPlan, shard: Shard, store: RunStore): Generator<SweepRun> {
  for (let index = 0; index < plan.total; index += 1) {
    if (inShard(index, shard) && !store.runs.has(index)) yield plan.run(index);
  }
}

function refuseTooMuch(plan: SweepPlan, runs: number, jobs: number): void {
  if (runs > MANY_RUNS) {
    throw new InputError({
      file: plan.file,
      place: 'vary',
      expected: `${MANY_RUNS} runs at most (or --yes)`,
      found: `${runs}`,
    });
  }
  const need = jobs * (WORKER_BYTES + plan.mostCpus * CPU_BYTES);
  if (need <= totalmem()) return;
  throw new InputError({
    file: plan.file,
    place: 'vary',
    expected: `runs that fit into ${bytesText(totalmem())} (fewer --jobs, or --yes)`,
    found: `${jobs} at a time with up to ${plan.mostCpus} CPUs, some ${bytesText(need)}`,
  });
}

function defaultDirectory(file: string, { number, count }: Shard): string {
  const name = basename(file).replace(/\.json$/, '');
  return count === 1 ? `${name}.sweep` : `${name}.sweep-${number}-of-${count}`;
}
