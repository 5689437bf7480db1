import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const LOADER = join(import.meta.dirname, '..', '..', 'loader');

interface SourceFile {
  /** Path below loader/, and the room it is in ('' for the top). */
  readonly path: string;
  readonly room: string;
  readonly text: string;
}

const FILES: readonly SourceFile[] = readdirSync(LOADER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const slashed = path.replaceAll('\\', '/');
    return {
      path: slashed,
      room: slashed.includes('/') ? slashed.slice(0, slashed.indexOf('/')) : '',
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

function importsOf(text: string): string[] {
  const forms = [
    /^\s*(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'/gm,
    /^\s*import\s+'([^']+)'/gm,
    /\bimport\s*\(\s*'([^']+)'/g,
  ];
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1]!));
}

/** Packages that a room of the core may use. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  scenario: ['zod'],
  vfs: ['memfs'],
};

/** Rooms each room may look into; kernel.ts at the top knows them all. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  trace: ['presets', 'vmalloc', 'engine'],
  engine: ['trace'],
  presets: ['decompress', 'vmalloc', 'module', 'kmod', 'userspace'],
  vmalloc: ['engine', 'presets', 'trace'],
  elf: ['engine'],
  decompress: ['vmalloc', 'engine'],
  stats: ['trace'],
  module: ['engine', 'vmalloc', 'elf', 'decompress', 'stats', 'presets', 'trace'],
  kmod: ['engine', 'presets', 'trace', 'module'],
  userspace: ['engine', 'elf', 'decompress', 'presets', 'trace', 'module', 'kmod'],
  vfs: ['stats', 'vmalloc', 'module'],
};

describe('the core', () => {
  it('is found', () => {
    expect(FILES.length).toBeGreaterThan(50);
  });

  it('imports nothing but itself and the packages its rooms are allowed', () => {
    const wrong: string[] = [];
    for (const { path, room, text } of FILES) {
      for (const from of importsOf(text)) {
        if (from.startsWith('.')) {
          const target = relative(LOADER, join(LOADER, path, '..', from)).replaceAll('\\', '/');
          if (target.startsWith('..')) wrong.push(`${path} reaches ${from}`);
        } else if (!(PACKAGES[room] ?? []).includes(from)) {
          wrong.push(`${path} imports ${from}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps to the order of its rooms', () => {
    const wrong: string[] = [];
    for (const { path, room, text } of FILES) {
      const allowed = ROOMS[room];
      if (!allowed) continue;
      for (const from of importsOf(text)) {
        if (!from.startsWith('.')) continue;
        const target = relative(LOADER, join(LOADER, path, '..', from)).replaceAll('\\', '/');
        const other = target.includes('/') ? target.slice(0, target.indexOf('/')) : '';
        if (other === '' && target !== 'kernel.ts') continue;
        if (other === room || allowed.includes(other)) continue;
        if (target === 'kernel.ts' && room === 'vfs') continue;
        wrong.push(`${path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
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
