// SPDX-License-Identifier: MIT
/** Sweeps as a user meets them: interrupted, in shards, and with wrong input. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
let dir: string;

beforeAll(() => {
  // `npm test` builds first; a direct run of the test runner may not have.
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-sweep-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function modstorm(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const run = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    cwd: dir,
    env: { ...process.env, ...env },
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

function file(name: string, document: unknown): string {
  writeFileSync(join(dir, name), JSON.stringify(document));
  return name;
}

const SCENARIO = {
  version: 1,
  name: 'small',
  machine: { cpus: 4 },
  modules: { synthetic: { count: 4, seed: 1 } },
  storm: {
    generators: [
      { per: 'cpu', op: 'finit_module', modules: 'all', arrival: { uniform_us: [0, 500] } },
    ],
  },
};

const SWEEP = {
  version: 1,
  name: 'small sweep',
  scenario: SCENARIO,
  vary: {
    kernel: ['v6.3', 'v6.4+dups=off'],
    'machine.cpus': [2, 4, 6, 8, 10],
    'machine.costs.purge_cpu_ns': [50, 500],
    seed: { from: 1, to: 25 },
  },
};

const OUTPUTS = ['table.csv', 'table.json', 'chart.svg'];
const read = (...path: string[]): string => readFileSync(join(dir, ...path), 'utf8');

describe('a sweep of 500 runs', () => {
  let wanted: string[];

  beforeAll(() => {
    const { code, out } = modstorm(['sweep', file('whole.json', SWEEP), '--jobs', '2']);
    expect(code).toBe(0);
    expect(out).toContain('small sweep: 500 runs');
    wanted = OUTPUTS.map((name) => read('whole.sweep', name));
  });

  it('has a row for each of its 20 combinations', () => {
    const rows = wanted[0]!.trimEnd().split('\n');
    expect(rows).toHaveLength(21);
    for (const row of rows.slice(1)) expect(row.split(',')[3]).toBe('25');
    expect(JSON.parse(wanted[1]!).rows).toHaveLength(20);
  });

  it('interrupted and resumed gives the same table byte for byte', async () => {
    file('cut.json', SWEEP);
    const child = spawn(process.execPath, [CLI, 'sweep', 'cut.json', '--jobs', '2'], { cwd: dir });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    const runs = join(dir, 'cut.sweep', 'runs.jsonl');
    const lines = (): number =>
      existsSync(runs) ? read('cut.sweep', 'runs.jsonl').split('\n').length : 0;
    while (lines() < 50) await sleep(5);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(lines()).toBeLessThan(500);
    expect(existsSync(join(dir, 'cut.sweep', 'table.csv'))).toBe(false);
    // Power may fail in the middle of a line.
    writeFileSync(runs, `${read('cut.sweep', 'runs.jsonl')}{"index":499,"val`);
    expect(modstorm(['sweep', 'cut.json']).code).toBe(0);
    expect(OUTPUTS.map((name) => read('cut.sweep', name))).toEqual(wanted);
  });

  it('in four shards, merged, gives the same table byte for byte', () => {
    file('parts.json', SWEEP);
    const envs = [
      { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '0' },
      { JOB_COMPLETION_INDEX: '1' },
      { CI_NODE_INDEX: '3', CI_NODE_TOTAL: '4' },
    ];
    expect(modstorm(['sweep', 'parts.json'], envs[0]).code).toBe(0);
    expect(modstorm(['sweep', 'parts.json', '--shards', '4'], envs[1]).code).toBe(0);
    expect(modstorm(['sweep', 'parts.json'], envs[2]).code).toBe(0);
    const dirs = [1, 2, 3].map((i) => `parts.sweep-${i}-of-4`);

    const early = modstorm(['merge', 'parts.json', ...dirs]);
    expect(early.code).toBe(2);
    expect(early.err).toMatch(/all 500 runs of small sweep, found 375; run 3 is the first/);

    expect(modstorm(['sweep', 'parts.json', '--shard', '4/4']).code).toBe(0);
    dirs.push('parts.sweep-4-of-4');
    expect(modstorm(['merge', 'parts.json', ...dirs]).code).toBe(0);
    expect(OUTPUTS.map((name) => read('parts.sweep', name))).toEqual(wanted);

    const twice = modstorm(['merge', 'parts.json', ...dirs, 'whole.sweep', '--out', 'twice']);
    expect(twice.code).toBe(2);
    expect(twice.err).toMatch(/whole\.sweep: expected .*no other shard.*parts\.sweep-\d-of-4/);
    expect(existsSync(join(dir, 'parts.sweep-1-of-4', 'runs.jsonl'))).toBe(true);
  });

  it('does not go on in the results of another sweep, or of another shard', () => {
    file('other.json', { ...SWEEP, name: 'other' });
    const other = modstorm(['sweep', 'other.json', '--out', 'whole.sweep']);
    expect(other.code).toBe(2);
    expect(other.err).toContain('results of another (small sweep');
    const shard = modstorm(['sweep', 'whole.json', '--out', 'whole.sweep', '--shard', '1/2']);
    expect(shard.code).toBe(2);
    expect(shard.err).toContain('expected shard 1/2, found shard 1/1');
    expect(OUTPUTS.map((name) => read('whole.sweep', name))).toEqual(wanted);
  });
});

describe('a sweep that cannot be run', () => {
  const cases: Readonly<Record<string, [unknown, RegExp]>> = {
    'of an unknown kernel': [
      { ...SWEEP, vary: { kernel: ['v6.3', 'v6.44'] } },
      /no kernel "v6.44".*did you mean v6.4\?/,
    ],
    'of an unknown feature': [
      { ...SWEEP, vary: { kernel: ['v6.4+erly_check=false'] } },
      /no feature "erly_check".*did you mean early_check\?/,
    ],
    'of a field that no scenario has': [
      { ...SWEEP, vary: { 'machine.cpu': [1] } },
      /machine.*no such key.*cpu/,
    ],
    'of a value out of range': [
      { ...SWEEP, vary: { 'machine.cpus': [4, 0] } },
      /machine\.cpus.*found 0/,
    ],
    'of nothing': [{ ...SWEEP, vary: {} }, /at least one field/],
    'of no values': [
      { ...SWEEP, vary: { seed: { from: 5, to: 1 } } },
      /vary\.seed: expected one value or more/,
    ],
    'of a scenario that is not there': [
      { ...SWEEP, scenario: 'frist-boot' },
      /did you mean first-boot\?/,
    ],
    'with a chart over a field that does not vary': [
      { ...SWEEP, chart: { x: 'machine.cpu' } },
      /chart\.x.*did you mean machine.cpus\?/,
    ],
    'of more than a million runs': [
      { ...SWEEP, vary: { seed: { from: 1, to: 1_000_001 } } },
      /1000000 runs at most \(or --yes\), found 1000001/,
    ],
    'beyond memory': [
      {
        ...SWEEP,
        scenario: { ...SCENARIO, machine: { cpus: 8192 } },
        vary: { seed: { from: 1, to: 1000 } },
      },
      /runs that fit into .* at a time with up to 8192 CPUs/,
    ],
  };

  it.each(Object.keys(cases))('%s is refused with its place', (name) => {
    const [document, message] = cases[name]!;
    const { code, out, err } = modstorm(['sweep', file('bad.json', document), '--jobs', '1000']);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(dir, 'bad.sweep'))).toBe(false);
  });

  it('in one of its runs keeps the others', () => {
    const generators = [{ ...SCENARIO.storm.generators[0], cpus: { list: [3] } }];
    const scenario = { ...SCENARIO, storm: { generators } };
    file('half.json', { ...SWEEP, scenario, vary: { 'machine.cpus': [8, 4, 2] } });
    const { code, err } = modstorm(['sweep', 'half.json', '--jobs', '1']);
    expect(code).toBe(2);
    expect(err).toMatch(/run 2 \(machine\.cpus=2\).*CPU 3, but the machine has 2 CPUs/);
    expect(read('half.sweep', 'runs.jsonl').trimEnd().split('\n')).toHaveLength(3);
  });
});
