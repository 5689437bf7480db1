// SPDX-License-Identifier: MIT
/** Downloads a Debian kernel package and unpacks its modules into the cache, whole or not at all. */
import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModuleDirectory } from '../../cli/module-directory.ts';
import {
  type DownloadOptions,
  downloadPackage,
  FetchError,
  findPackage,
  inWorkDirectory,
} from './download-package.ts';
import { chooseKernels, type DebianArch } from './kernel-package.ts';
import { findProgram, runCommand } from './run-command.ts';

/** What lies in the cache, as its stamp file says. */
export interface CachedKernel {
  readonly package: string;
  readonly version: string;
  readonly release: string;
  readonly modules: number;
  readonly bytes: number;
  /** Whether depmod made modules.dep and the other indexes. */
  readonly depmod: boolean;
}

export interface FetchOptions extends DownloadOptions {
  /** A version such as `6.1.0-50` or a series such as `6.1`. */
  readonly version: string;
}

const STAMP = 'modstorm-cache.json';

/** The kernel in the cache; undefined when there is none. */
export function readCached(cache: string, arch: DebianArch): CachedKernel | undefined {
  try {
    return JSON.parse(readFileSync(join(cache, arch, STAMP), 'utf8')) as CachedKernel;
  } catch {
    return undefined;
  }
}

/** Fetches a kernel, replacing the one in the cache. `signal` stops it between two steps. */
export function fetchKernel(options: FetchOptions, signal: AbortSignal): Promise<CachedKernel> {
  const { arch, cache, version } = options;
  return inWorkDirectory(options, async (work) => {
    const found = await findPackage(options, work, signal, {
      prefix: 'linux-image-',
      choose: (names) => chooseKernels(names, arch, version)[0],
      what: `${arch} kernel package of version ${version}`,
    });
    const tree = join(work, 'tree');
    const deb = await downloadPackage(options, found, work, tree, signal);
    const kernel = await indexModules(options, deb, tree, found.name, signal);
    writeFileSync(join(tree, STAMP), `${JSON.stringify(kernel, null, 2)}\n`);
    const target = join(cache, arch);
    if (existsSync(target)) renameSync(target, join(work, 'old'));
    renameSync(tree, target);
    return kernel;
  });
}

async function indexModules(
  { progress, warn }: FetchOptions,
  deb: string,
  tree: string,
  name: string,
  signal: AbortSignal,
): Promise<CachedKernel> {
  const field = await runCommand('dpkg-deb', ['-f', deb, 'Version'], join(tree, '..'));
  // Packages of merged-/usr systems; depmod looks in lib/modules.
  if (!existsSync(join(tree, 'lib')) && existsSync(join(tree, 'usr/lib'))) {
    symlinkSync('usr/lib', join(tree, 'lib'));
  }
  const { release, files } = openModuleDirectory(tree);
  if (release === undefined) throw new FetchError(`${name} holds no modules of a known release`);
  progress(`indexing ${files.length} modules`);
  const depmod = await runDepmod(tree, release, warn);
  signal.throwIfAborted();
  return {
    package: name,
    version: field.stdout.trim(),
    release,
    modules: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    depmod,
  };
}

async function runDepmod(
  tree: string,
  release: string,
  warn: (text: string) => void,
): Promise<boolean> {
  const depmod = findProgram('depmod');
  if (depmod === undefined) return false;
  const { status, stderr } = await runCommand(depmod, ['-b', tree, release], tree);
  if (status !== 0) warn(`depmod failed: ${stderr.trim()}`);
  return status === 0;
}
