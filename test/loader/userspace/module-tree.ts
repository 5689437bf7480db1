// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeModule } from '../../../loader/elf/index.ts';
import type { IndexSource } from '../../../loader/userspace/index.ts';
import { pathToModuleName } from '../../../loader/userspace/normalize.ts';

export interface TreeModule {
  readonly path: string;
  readonly exports?: readonly string[];
  readonly needs?: readonly string[];
  readonly aliases?: readonly string[];
  readonly softdeps?: readonly string[];
}

export const RELEASE = '6.12.0-test';

/** A module file that depmod and the loader can read. */
export function moduleBytes({ path, exports, needs, aliases, softdeps }: TreeModule): Uint8Array {
  return writeModule({
    name: pathToModuleName(path),
    structModuleSize: 640,
    exports: (exports ?? []).map((name) => ({ name })),
    undefinedSymbols: needs ?? [],
    modinfo: [
      ...(aliases ?? []).map((alias) => ['alias', alias] as const),
      ...(softdeps ?? []).map((softdep) => ['softdep', softdep] as const),
    ],
  });
}

/** The modules as a source in memory. */
export function treeSource(
  modules: readonly TreeModule[],
  metadata: IndexSource['metadata'] = {},
): IndexSource {
  const files = modules
    .map((module) => {
      const bytes = moduleBytes(module);
      return { path: module.path, size: bytes.length, read: () => bytes };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, metadata };
}

/** Whether the real tools are on this machine, which is where /usr/sbin has them. */
export const KMOD_TOOLS = ['/usr/sbin', '/sbin'].find(
  (folder) =>
    spawnSync(join(folder, 'depmod'), ['--version']).status === 0 &&
    spawnSync(join(folder, 'modprobe'), ['--version']).status === 0,
);

/** The modules as a directory, for the real tools. */
export class TreeFolder {
  readonly base = mkdtempSync(join(tmpdir(), 'modstorm-tree-'));
  readonly conf = join(this.base, 'modprobe.d');
  /** `…/lib/modules/RELEASE`, as the tools are told. */
  readonly directory = join(this.base, 'lib/modules', RELEASE);

  constructor(
    modules: readonly TreeModule[],
    options: { readonly order?: string; readonly conf?: string; readonly builtin?: string } = {},
  ) {
    for (const module of modules) this.#write(module.path, moduleBytes(module));
    if (options.order !== undefined) this.#write('modules.order', options.order);
    if (options.builtin !== undefined) this.#write('modules.builtin', options.builtin);
    mkdirSync(this.conf);
    writeFileSync(join(this.conf, 'a.conf'), options.conf ?? '');
  }

  /** One more file of modprobe.d; its path. */
  writeConf(name: string, text: string): string {
    const path = join(this.conf, name);
    writeFileSync(path, text);
    return path;
  }

  /** What `modprobe ARGS` prints to each stream, and its exit code. */
  program(...args: string[]): { stdout: string[]; stderr: string[]; code: number } {
    const run = spawnSync(
      join(KMOD_TOOLS!, 'modprobe'),
      ['-C', this.conf, '-d', this.base, '-S', RELEASE, ...args],
      { encoding: 'utf8' },
    );
    const lines = (text: string): string[] =>
      text === '' ? [] : text.replace(/\n$/, '').split('\n');
    return { stdout: lines(run.stdout), stderr: lines(run.stderr), code: run.status! };
  }

  #write(path: string, content: Uint8Array | string): void {
    const full = join(this.base, 'lib/modules', RELEASE, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }

  /** Runs depmod; what it says on stderr. */
  depmod(): string {
    const run = spawnSync(join(KMOD_TOOLS!, 'depmod'), ['-b', this.base, RELEASE], {
      encoding: 'utf8',
    });
    return run.stderr;
  }

  text(file: string): string {
    return readFileSync(join(this.base, 'lib/modules', RELEASE, file), 'latin1');
  }

  /** Lines that `modprobe OPTIONS NAME` prints, and its exit code. */
  modprobe(...args: string[]): { lines: string[]; code: number } {
    const run = spawnSync(
      join(KMOD_TOOLS!, 'modprobe'),
      ['-C', this.conf, '-d', this.base, '-S', RELEASE, ...args],
      { encoding: 'utf8' },
    );
    return { lines: run.stdout.split('\n').filter((line) => line !== ''), code: run.status! };
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
