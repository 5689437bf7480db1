// SPDX-License-Identifier: MIT
// `npm run guest:userland`: the user space of the Linux guest that asks the model.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  USERLAND_INDEX,
  USERLAND_INDEX_VERSION,
  type UserlandIndex,
  userlandCacheOf,
} from '../../emulator/linux/userland-cache.ts';
import { Apt } from './debian/apt.ts';
import {
  type DownloadOptions,
  downloadPackage,
  FetchError,
  inWorkDirectory,
} from './debian/download-package.ts';
import { entryKey } from './linux-guest/kernel.ts';
import { INIT_FLAGS } from './linux-guest/programs.ts';
import { publish, replaceFile } from './linux-guest/published.ts';
import { BuildFailure, runStep } from './linux-guest/steps.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BUSYBOX = 'busybox-static';

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    process.stdout.write('usage: npm run guest:userland\n');
    return args[0] === '--help' || args[0] === '-h' ? 0 : 2;
  }
  const cache = userlandCacheOf(ROOT);
  const stop = new AbortController();
  process.on('SIGINT', () => stop.abort());
  mkdirSync(cache, { recursive: true });
  try {
    const client = await buildClient(cache, stop.signal);
    const busybox = await fetchBusybox(cache, stop.signal);
    const at = (path: string): string => relative(cache, path);
    const index: UserlandIndex = {
      version: USERLAND_INDEX_VERSION,
      client: at(client),
      busybox: at(busybox),
    };
    replaceFile(join(cache, USERLAND_INDEX), `${JSON.stringify(index, null, 2)}\n`);
    process.stdout.write(`user space of the Linux guest: ${relative('', cache)}\n`);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 130;
    if (!(error instanceof FetchError) && !(error instanceof BuildFailure)) throw error;
    process.stderr.write(`guest:userland: ${error.message}\n`);
    return 1;
  }
}

async function buildClient(cache: string, signal: AbortSignal): Promise<string> {
  const sources = join(ROOT, 'guest-images', 'linux');
  const from = join(sources, 'client');
  const names = readdirSync(from).sort();
  const header = readFileSync(join(sources, 'init', 'sys.h'), 'latin1');
  const key = entryKey([
    header,
    ...names.flatMap((name) => [name, readFileSync(join(from, name), 'latin1')]),
  ]);
  const path = join(cache, `client-${key}`);
  await publish(path, (partial) => {
    const files = names.filter((name) => name.endsWith('.c'));
    const args = [...INIT_FLAGS, '-o', partial, ...files];
    const log = join(cache, 'build.log');
    return runStep({ title: 'port client', program: 'gcc', args, cwd: from, log }, signal);
  });
  return path;
}

/** The system's lists when they know the package for i386, else lists fetched for it. */
async function aptFor(name: string, work: string, progress: (text: string) => void): Promise<Apt> {
  const system = Apt.withSystemLists('i386', join(work, 'apt'));
  if ((await system.describe(name)) !== undefined) return system;
  progress('fetching i386 package lists');
  const own = Apt.withOwnLists('i386', join(work, 'apt-own'));
  const problem = await own.update();
  if ((await own.describe(name)) !== undefined) return own;
  const why = problem === undefined ? '' : `; apt said: ${problem}`;
  throw new FetchError(`no ${name} for i386 in this system's package sources${why}`);
}

/** The package is unpacked, not installed; nothing of the system changes. */
async function fetchBusybox(cache: string, signal: AbortSignal): Promise<string> {
  const path = join(cache, 'busybox');
  if (existsSync(path)) return path;
  const options: DownloadOptions = {
    arch: 'i386',
    cache: join(cache, 'packages'),
    progress: (text) => process.stderr.write(`${text}\n`),
    warn: (text) => process.stderr.write(`${text}\n`),
  };
  await inWorkDirectory(options, async (work) => {
    const apt = await aptFor(BUSYBOX, work, options.progress);
    const tree = join(work, 'tree');
    await downloadPackage(options, { apt, name: BUSYBOX }, work, tree, signal);
    const file = ['bin/busybox', 'usr/bin/busybox'].find((one) => existsSync(join(tree, one)));
    if (file === undefined) throw new FetchError(`${BUSYBOX} has no bin/busybox`);
    await publish(path, (partial) => copyFileSync(join(tree, file), partial));
    chmodSync(path, 0o755);
  });
  return path;
}

process.exitCode = await main(process.argv.slice(2));
