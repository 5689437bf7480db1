// SPDX-License-Identifier: MIT
/** Sweeps spread by engines: each part run with the environment that the engine sets, then merged. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
const read = (name: string): string => readFileSync(join(ROOT, 'examples', 'sweep', name), 'utf8');

let folder: string;
let whole: string;

function inFolder(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const run = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
}

function fresh(): string {
  const made = mkdtempSync(join(tmpdir(), 'modstorm-spread-'));
  copyFileSync(join(ROOT, 'examples', 'sweep', 'sweep.json'), join(made, 'sweep.json'));
  return made;
}

function mergedTable(): string {
  const parts = readdirSync(folder).filter((name) => /^sweep\.sweep-\d+-of-\d+$/.test(name));
  expect(parts).toHaveLength(4);
  inFolder(process.execPath, [CLI, 'merge', 'sweep.json', ...parts]);
  return readFileSync(join(folder, 'sweep.sweep', 'table.csv'), 'utf8');
}

describe('a sweep in parts leaves the table of a whole one', () => {
  beforeAll(() => {
    folder = fresh();
    inFolder(process.execPath, [CLI, 'sweep', 'sweep.json']);
    whole = readFileSync(join(folder, 'sweep.sweep', 'table.csv'), 'utf8');
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    folder = fresh();
    return () => rmSync(folder, { recursive: true, force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('as a Slurm array', () => {
    const [, from, to] = /^#SBATCH --array=(\d+)-(\d+)$/m.exec(read('slurm.sh'))!.map(Number);
    for (let id = from!; id <= to!; id += 1) {
      inFolder('sh', [join(ROOT, 'examples', 'sweep', 'slurm.sh')], {
        MODSTORM: `${process.execPath} ${CLI}`,
        SLURM_CPUS_PER_TASK: '2',
        SLURM_ARRAY_TASK_ID: String(id),
        SLURM_ARRAY_TASK_MIN: String(from),
        SLURM_ARRAY_TASK_MAX: String(to),
        SLURM_ARRAY_TASK_COUNT: String(to! - from! + 1),
      });
    }
    expect(mergedTable()).toBe(whole);
  });

  it('as a Kubernetes indexed Job', () => {
    const text = read('kubernetes.yaml');
    const completions = Number(/^ {2}completions: (\d+)$/m.exec(text)![1]);
    const [, ...args] = JSON.parse(/command: (\[.*\])/.exec(text)![1]!) as string[];
    for (let index = 0; index < completions; index += 1) {
      inFolder(process.execPath, [CLI, ...args], { JOB_COMPLETION_INDEX: String(index) });
    }
    expect(mergedTable()).toBe(whole);
  });

  it('as a CI matrix', () => {
    const text = read('github-workflow.yml');
    const parts = JSON.parse(/part: (\[.*\])/.exec(text)![1]!) as number[];
    const [, args] = /npx modstorm (sweep .*)$/m.exec(text)!;
    for (const part of parts) {
      const words = args!.replace(/\$\{\{ matrix.part \}\}/, String(part)).split(' ');
      inFolder(process.execPath, [CLI, ...words]);
    }
    expect(mergedTable()).toBe(whole);
  });
});
