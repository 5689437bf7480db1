/** Downloads a Debian kernel package and unpacks its modules into the cache, whole or not at all. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openModuleDirectory } from '../module-directory.ts';
import { Apt } from './apt.ts';
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

export interface FetchOptions {
  readonly arch: DebianArch;
  /** A version such as `6.1.0-50` or a series such as `6.1`. */
  readonly version: string;
  /** Directory of the cache; the tree goes into its sub-directory named `arch`. */
  readonly cache: string;
  /** Short lines about what is going on. */
  readonly progress: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** Something outside that did not work: no such package, no network, a full disk. */
export class FetchError extends Error {}

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
export async function fetchKernel(
  options: FetchOptions,
  signal: AbortSignal,
): Promise<CachedKernel> {
  const { arch, cache } = options;
  mkdirSync(cache, { recursive: true });
  removeLeftovers(cache, arch);
  const work = join(cache, `.${arch}.${process.pid}`);
  mkdirSync(work);
  try {
    const { apt, name } = await findKernel(options, work, signal);
    const deb = await download(options, apt, name, work, signal);
    const tree = join(work, 'tree');
    const kernel = await unpack(options, deb, tree, name, signal);
    writeFileSync(join(tree, STAMP), `${JSON.stringify(kernel, null, 2)}\n`);
    const target = join(cache, arch);
    if (existsSync(target)) renameSync(target, join(work, 'old'));
    renameSync(tree, target);
    return kernel;
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

/** Asks the system's package lists, then its sources anew. */
async function findKernel(
  { arch, version, progress, warn }: FetchOptions,
  work: string,
  signal: AbortSignal,
): Promise<{ apt: Apt; name: string }> {
  const newest = async (apt: Apt): Promise<string | undefined> =>
    chooseKernels(await apt.packageNames('linux-image-'), arch, version)[0];
  const system = Apt.withSystemLists(arch, join(work, 'apt'));
  const known = await newest(system);
  if (known !== undefined) return { apt: system, name: known };

  signal.throwIfAborted();
  progress(`fetching ${arch} package lists`);
  const own = Apt.withOwnLists(arch, join(work, 'apt-own'));
  const problem = await own.update();
  const name = await newest(own);
  if (name !== undefined) {
    if (problem !== undefined) warn(`some package lists could not be fetched: ${problem}`);
    return { apt: own, name };
  }
  const why = problem === undefined ? '' : `; apt said: ${problem}`;
  throw new FetchError(
    `no ${arch} kernel package of version ${version} was found in this system's package sources${why}`,
  );
}

async function download(
  { progress }: FetchOptions,
  apt: Apt,
  name: string,
  work: string,
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
  const failed = await apt.download(name, into).finally(() => clearInterval(timer));
  signal.throwIfAborted();
  const deb = readdirSync(into).find((file) => file.endsWith('.deb'));
  if (failed !== undefined || deb === undefined) {
    throw new FetchError(`${name} could not be downloaded; apt said: ${failed ?? 'nothing'}`);
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

async function unpack(
  { progress, warn }: FetchOptions,
  deb: string,
  tree: string,
  name: string,
  signal: AbortSignal,
): Promise<CachedKernel> {
  progress(`unpacking ${name}`);
  mkdirSync(tree);
  const cwd = join(tree, '..');
  const unpacked = await runCommand('dpkg-deb', ['-x', deb, tree], cwd);
  signal.throwIfAborted();
  if (unpacked.status !== 0) {
    throw new FetchError(`${name} could not be unpacked: ${unpacked.stderr.trim()}`);
  }
  const field = await runCommand('dpkg-deb', ['-f', deb, 'Version'], cwd);
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

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
