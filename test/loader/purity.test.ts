// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const LOADER = join(import.meta.dirname, '..', '..', 'loader');

interface SourceFile {
  /** Path below loader/. */
  readonly path: string;
  readonly text: string;
}

const FILES: readonly SourceFile[] = readdirSync(LOADER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const slashed = path.replaceAll('\\', '/');
    return {
      path: slashed,
      text: readFileSync(join(LOADER, path), 'utf8'),
    };
  });

/** Comments and strings gone: what is left is code. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

describe('the core', () => {
  it('is found', () => {
    expect(FILES.length).toBeGreaterThan(50);
  });

  it('asks neither the clock nor chance', () => {
    const wrong: string[] = [];
    for (const { path, text } of FILES) {
      for (const line of codeOf(text).split('\n')) {
        if (/\bDate\b|Math\s*\.\s*random/.test(line)) wrong.push(`${path}: ${line.trim()}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('yields wherever it tells the engine to suspend a task, or time would not pass', () => {
    const calls: string[] = [];
    const wrong: string[] = [];
    for (const { path, text } of FILES) {
      for (const line of codeOf(text).split('\n')) {
        if (!/\bengine\.(work|block|giveWay|enter)\(|\bthis\.block\(/.test(line)) continue;
        calls.push(path);
        if (!/\byield ([\w.#]*[.#])?(engine|this)\.(work|block|giveWay|enter)\(/.test(line)) {
          wrong.push(`${path}: ${line.trim()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(calls.length).toBeGreaterThan(50);
  });

  it('compiles where there is neither DOM nor Node: no timers, no process, no fetch', () => {
    const tsc = join(LOADER, '..', 'node_modules', 'typescript', 'bin', 'tsc');
    const project = join(LOADER, '..', 'tsconfig.loader.json');
    const run = spawnSync(process.execPath, [tsc, '--noEmit', '-p', project], { encoding: 'utf8' });
    expect(run.stdout).toBe('');
    expect(run.status).toBe(0);
  });
});
