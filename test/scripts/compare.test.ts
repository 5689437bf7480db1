// SPDX-License-Identifier: MIT
/** Comparing kernels: side by side, until failure, and beside what was measured. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKernelVariant, underVariant } from '../../scripts/cli/kernel-variant.ts';
import { runScenario } from '../../scripts/cli/run-summary.ts';
import { loadScenario } from '../../scripts/cli/scenario-loader.ts';
import { ThresholdSearch } from '../../scripts/cli/until-failure.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
let dir: string;

beforeAll(() => {
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-compare-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function modstorm(...args: string[]) {
  const run = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', cwd: dir });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

function small(): string {
  const path = join(dir, 'small.json');
  const document = {
    version: 1,
    name: 'small',
    machine: { cpus: 6, vmalloc: { mib: 64 } },
    modules: { synthetic: { count: 6, seed: 3 } },
    storm: { generators: [{ per: 'cpu', op: 'modprobe', modules: 'all' }] },
  };
  writeFileSync(path, JSON.stringify(document));
  return path;
}

describe('compare', () => {
  it('prints one storm under four kernels with bars', () => {
    const { code, out } = modstorm('compare', small());
    expect(code).toBe(0);
    for (const kernel of ['v6.3', 'v6.4', 'v6.5', 'v6.12']) {
      expect(out).toMatch(new RegExp(`^${kernel} .* B`, 'm'));
      expect(out).toMatch(new RegExp(`^  ${kernel} +[█·]{40} `, 'm'));
    }
    expect(out).toContain('peak of the address space');
  });

  it('gives the same figures as JSON, for each number of CPUs', () => {
    const { code, out } = modstorm(
      'compare',
      small(),
      '--cpus',
      '2,6',
      '--kernels',
      'v6.3,v6.5',
      '--json',
    );
    expect(code).toBe(0);
    const { runs } = JSON.parse(out);
    expect(
      runs.map((run: { kernel: string; cpus: number }) => `${run.kernel} ${run.cpus}`),
    ).toEqual(['v6.3 2', 'v6.5 2', 'v6.3 6', 'v6.5 6']);
    for (const run of runs) {
      const { kread, decompress, becoming, load } = run.wasted;
      expect(run.wasted_total).toBe(kread + decompress + becoming + load);
    }
    expect(runs[2].wasted_total).toBeGreaterThan(runs[0].wasted_total);
    expect(runs[3].wasted_total).toBe(0);
  });

  it('changes one feature of a kernel alone', () => {
    const variant = parseKernelVariant(
      'v6.4+early_check=false+deny_write=exclusive-read',
      '--kernels',
    );
    const given = { base: 'v6.12', release: '6.1-rig', dups: false, blacklist: [] };
    expect(underVariant(given, variant)).toEqual({
      base: 'v6.4',
      release: '6.1-rig',
      early_check: false,
      deny_write: 'exclusive-read',
      blacklist: [],
    });
  });

  it.each([
    ['v6.33', /did you mean v6.3\?/],
    ['v6.4+early=1', /no feature "early"/],
    ['v6.4+deny_write=never', /deny_write/],
  ])('refuses the kernel %s', (kernel, message) => {
    const { code, err } = modstorm('compare', small(), '--kernels', kernel);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('suggests the feature a scenario meant', () => {
    const path = join(dir, 'feature.json');
    const kernel = { base: 'v6.4', erly_check: false };
    const storm = { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] };
    writeFileSync(path, JSON.stringify({ version: 1, name: 'f', kernel, modules: 'boot', storm }));
    const { code, err } = modstorm('replay', path);
    expect(code).toBe(2);
    expect(err).toMatch(/kernel\.erly_check: expected a feature, .*did you mean early_check\?/);
  });

  it.each([['0'], ['8,'], ['8,99999'], ['x']])('refuses %j CPUs', (cpus) => {
    expect(modstorm('compare', small(), '--cpus', cpus).code).toBe(2);
  });

  it('sets the model beside the published tables', () => {
    const { code, out } = modstorm('compare', 'published', '--draws', '1', '--json');
    expect(code).toBe(0);
    const { rows } = JSON.parse(out);
    const find = (table: string, what: string) =>
      rows.find((row: { table: string; what: string }) => row.table === table && row.what === what);
    expect(find('published-255', 'wasted bytes')).toMatchObject({ published: 14_588_526_272 });
    expect(find('published-8', 'failed on becoming')).toMatchObject({ published: 83 });
    expect(find('published-255', 'duplicates of cryptd')).toMatchObject({ kind: 'fitted' });
    const may = rows.filter((row: { table: string }) => row.table === 'published-255-may2023');
    expect(may.map((row: { kind: string }) => row.kind)).toEqual(
      Array(4).fill('predicted, memory assumed'),
    );
    expect(find('published-8', 'total module size')).toMatchObject({ kind: 'predicted' });
  });

  it('says in words which figures were assumed with the result in view', () => {
    const { code, out } = modstorm('compare', 'published', '--draws', '2');
    expect(code).toBe(0);
    const lines = out.split('\n').filter((line) => /wasted bytes, /.test(line));
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/ predicted, memory assumed$/);
    expect(out).toContain('was not published and was chosen with these figures in view');
  });
});

describe('until failure', () => {
  const box = (kernel: string) => {
    const { scenario, source } = loadScenario('box-32bit', { kernel });
    return { scenario, source };
  };
  const fails = async (
    { scenario, source }: ReturnType<typeof box>,
    machine: object,
  ): Promise<boolean> => {
    const sized = { ...scenario, machine: { ...scenario.machine, ...machine } };
    return (await runScenario(sized, source)).result.first_failure !== null;
  };

  it('finds a number of CPUs of which one less passes', async () => {
    const rig = box('v6.3');
    const found = await new ThresholdSearch(rig.scenario, rig.source, 'cpus').run({
      least: 1,
      most: 64,
    });
    expect(found.fails).toBe(found.passes! + 1);
    expect(await fails(rig, { cpus: found.fails })).toBe(true);
    expect(await fails(rig, { cpus: found.passes })).toBe(false);
    expect(found.failure).toMatch(/^finit_module of \S+\.ko at .* wanted .*\(of 120 MiB, .* held /);
  });

  it('finds a size of vmalloc= of which one MiB more passes', async () => {
    const rig = box('v6.5');
    const found = await new ThresholdSearch(rig.scenario, rig.source, 'vmalloc').run({
      least: 1,
      most: 256,
    });
    expect(found.passes).toBe(found.fails! + 1);
    expect(await fails(rig, { vmalloc: { mib: found.fails } })).toBe(true);
    expect(await fails(rig, { vmalloc: { mib: found.passes } })).toBe(false);
  });

  it('says so when nothing fails', () => {
    const { code, out } = modstorm(
      'compare',
      small(),
      '--until-failure',
      '--most',
      '8',
      '--kernels',
      'v6.5',
    );
    expect(code).toBe(0);
    expect(out).toMatch(/v6\.5 +none up to 8 CPUs/);
  });
});
