// SPDX-License-Identifier: MIT
/** Finding Debian packages with apt and downloading them into a directory that is then removed. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Apt } from './apt.ts';
import type { DebianArch } from './kernel-package.ts';
import { runCommand } from './run-command.ts';

export interface DownloadOptions {
  readonly arch: DebianArch;
  /** Directory of the cache; the tree goes into its sub-directory named `arch`. */
  readonly cache: string;
  /** Short lines about what is going on. */
  readonly progress: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** Something outside that did not work: no such package, no network, a full disk. */
export class FetchError extends Error {}

/** Runs `act` with a directory of its own in the cache, on the same file system as the tree. */
export async function inWorkDirectory<T>(
  { arch, cache }: DownloadOptions,
  act: (work: string) => Promise<T>,
): Promise<T> {
  mkdirSync(cache, { recursive: true });
  removeLeftovers(cache, arch);
  const work = join(cache, `.${arch}.${process.pid}`);
  mkdirSync(work);
  try {
    return await act(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Working directories of runs that were killed. */
function removeLeftovers(cache: string, arch: DebianArch): void {
  for (const name of readdirSync(cache)) {
    const pid = name.startsWith(`.${arch}.`) ? Number(name.slice(arch.length + 2)) : Number.NaN;
    if (Number.isInteger(pid) && !isRunning(pid)) {
      rmSync(join(cache, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Asks the system's package lists, then its sources anew, for a package that `choose` picks from
 * the names with a prefix. `what` names it for the error when there is none.
 */
export async function findPackage(
  { arch, progress, warn }: DownloadOptions,
  work: string,
  signal: AbortSignal,
  wanted: { prefix: string; choose: (names: string[]) => string | undefined; what: string },
): Promise<{ apt: Apt; name: string }> {
  const chosen = async (apt: Apt): Promise<string | undefined> =>
    wanted.choose(await apt.packageNames(wanted.prefix));
  const system = Apt.withSystemLists(arch, join(work, 'apt'));
  const known = await chosen(system);
  if (known !== undefined) return { apt: system, name: known };

  signal.throwIfAborted();
  progress(`fetching ${arch} package lists`);
  const own = Apt.withOwnLists(arch, join(work, 'apt-own'));
  const problem = await own.update();
  const name = await chosen(own);
  if (name !== undefined) {
    if (problem !== undefined) warn(`some package lists could not be fetched: ${problem}`);
    return { apt: own, name };
  }
  const why = problem === undefined ? '' : `; apt said: ${problem}`;
  throw new FetchError(`no ${wanted.what} was found in this system's package sources${why}`);
}

/** Downloads and unpacks a package, the newest or that of `version`; gives the .deb file. */
export async function downloadPackage(
  { progress }: DownloadOptions,
  { apt, name, version }: { apt: Apt; name: string; version?: string },
  work: string,
  tree: string,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const into = join(work, 'download');
  mkdirSync(into);
  const described = await apt.describe(name);
  const total = described?.size ?? 0;
  const show = (): void => {
    const done = readdirSync(into).reduce((sum, file) => sum + sizeOf(join(into, file)), 0);
    const percent = total > 0 ? `, ${Math.floor((100 * done) / total)} %` : '';
    progress(`downloading ${name} (${megabytes(total)} MB${percent})`);
  };
  show();
  const timer = setInterval(show, 500);
  const exact = version === undefined ? name : `${name}=${version}`;
  const failed = await apt.download(exact, into).finally(() => clearInterval(timer));
  signal.throwIfAborted();
  const deb = readdirSync(into).find((file) => file.endsWith('.deb'));
  if (failed !== undefined || deb === undefined) {
    throw new FetchError(`${exact} could not be downloaded; apt said: ${failed ?? 'nothing'}`);
  }
  progress(`unpacking ${name}`);
  mkdirSync(tree);
  const unpacked = await runCommand('dpkg-deb', ['-x', join(into, deb), tree], work);
  signal.throwIfAborted();
  if (unpacked.status !== 0) {
    throw new FetchError(`${name} could not be unpacked: ${unpacked.stderr.trim()}`);
  }
  return join(into, deb);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
