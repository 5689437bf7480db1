// SPDX-License-Identifier: MIT
/** The results of a sweep as they come: one line a run, appended, in whatever order they end. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../cli/input-error.ts';
import type { RunSummary } from '../cli/run-summary.ts';
import { inShard, type Shard } from './shard.ts';
import type { FieldValue, SweepPlan, SweepRun } from './sweep-plan.ts';

const FILE = 'runs.jsonl';

export interface StoreHeader {
  readonly version: 1;
  readonly sweep: string;
  readonly hash: string;
  readonly total: number;
  readonly shard: Shard;
}

export interface StoredRun {
  readonly index: number;
  readonly values: readonly FieldValue[];
  readonly summary: RunSummary;
}

export class RunStore {
  readonly runs = new Map<number, StoredRun>();
  readonly #fd: number;

  /** Goes on where an interrupted run left off; a line that was cut short is taken off. */
  constructor(dir: string, plan: SweepPlan, shard: Shard) {
    const path = join(dir, FILE);
    try {
      mkdirSync(dir, { recursive: true });
    } catch (error) {
      const found = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new InputError({ file: dir, expected: 'a directory that can be written', found });
    }
    const header: StoreHeader = {
      version: 1,
      sweep: plan.name,
      hash: plan.hash,
      total: plan.total,
      shard,
    };
    const known = existsSync(path) ? readStore(dir) : undefined;
    const foreign = known === undefined ? readdirSync(dir)[0] : undefined;
    if (foreign !== undefined) {
      throw new InputError({
        file: dir,
        expected: 'an empty directory, or one that this sweep wrote',
        found: `no ${FILE} in it, but ${foreign}`,
      });
    }
    if (known) {
      sameSweep(known.header, header, path);
      for (const run of known.runs) this.runs.set(run.index, run);
      truncateSync(path, known.whole);
    }
    this.#fd = openSync(path, 'a');
    if (!known) this.#line(header);
  }

  add({ index, values }: SweepRun, summary: RunSummary): void {
    const run = { index, values, summary };
    this.runs.set(index, run);
    this.#line(run);
  }

  close(): void {
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }

  #line(value: unknown): void {
    writeSync(this.#fd, `${JSON.stringify(value)}\n`);
  }
}

function sameSweep(found: StoreHeader, wanted: StoreHeader, path: string): void {
  if (found.hash !== wanted.hash) {
    throw new InputError({
      file: path,
      expected: `results of this sweep (${wanted.hash})`,
      found: `results of another (${found.sweep}, ${found.hash})`,
    });
  }
  const name = ({ number, count }: Shard): string => `shard ${number}/${count}`;
  if (name(found.shard) === name(wanted.shard)) return;
  throw new InputError({ file: path, expected: name(wanted.shard), found: name(found.shard) });
}

export interface ReadStore {
  readonly header: StoreHeader;
  readonly runs: readonly StoredRun[];
  /** Bytes up to the last whole line. */
  readonly whole: number;
}

/** Throws an InputError for a file that is not one of results. */
export function readStore(dir: string): ReadStore {
  const path = join(dir, FILE);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new InputError({ file: path, expected: 'results of a sweep', found });
  }
  const whole = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  const parse = (line: string, i: number): unknown => {
    try {
      return JSON.parse(line);
    } catch {
      const found = JSON.stringify(line.slice(0, 60));
      throw new InputError({ file: path, place: `line ${i + 1}`, expected: 'JSON', found });
    }
  };
  const [first, ...rest] = lines.map(parse);
  const header = first as StoreHeader | undefined;
  if (header?.version !== 1 || typeof header.hash !== 'string') {
    throw new InputError({
      file: path,
      place: 'line 1',
      expected: 'the head of a sweep’s results',
      found: lines[0]?.slice(0, 60) ?? 'nothing',
    });
  }
  const runs = rest as StoredRun[];
  const stray = runs.findIndex(({ index }) => !inShard(index, header.shard));
  if (stray >= 0) {
    throw new InputError({
      file: path,
      place: `line ${stray + 2}`,
      expected: `a run of shard ${header.shard.number}/${header.shard.count}`,
      found: `run ${runs[stray]!.index}`,
    });
  }
  return { header, runs, whole };
}
