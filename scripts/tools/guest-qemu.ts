// SPDX-License-Identifier: MIT
// `npm run guest:qemu`: makes Debian's stock amd64 kernel ready to be run in QEMU with our init.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_GUEST_SERIES } from '../../emulator/linux/guest-cache.ts';
import { QEMU_X86_64 } from '../../emulator/linux/qemu-host.ts';
import { InputError } from '../cli/input-error.ts';
import { type QemuGuestIndex, qemuCacheOf, qemuIndexPath } from '../verify/qemu-guest.ts';
import { FetchError } from './debian/download-package.ts';
import { fetchKernel, readCached } from './debian/fetch-kernel.ts';
import { findProgram } from './debian/run-command.ts';
import { entryKey } from './linux-guest/kernel.ts';
import { INIT_FLAGS_64 } from './linux-guest/programs.ts';
import { publish, replaceFile } from './linux-guest/published.ts';

const USAGE = `usage: npm run guest:qemu -- [--kernel 6.12|6.1]

Fetches Debian's stock amd64 kernel of a series with its modules, and builds our init for 64 bits.
What is there already is left as it is. modstorm verify --machine qemu-x86_64 runs it.
`;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const ARCH = 'amd64';

/** The package's tree in the cache: the default series is the one that modules:debian fetches. */
function treeCache(cache: string, series: string): string {
  return join(cache, series === DEFAULT_GUEST_SERIES ? 'debian' : `debian-${series}`);
}

async function prepare(series: string): Promise<string> {
  const cache = qemuCacheOf(ROOT);
  const trees = treeCache(cache, series);
  mkdirSync(join(cache, 'guest-qemu'), { recursive: true });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const kernel =
    readCached(trees, ARCH) ??
    (await fetchKernel(
      {
        arch: ARCH,
        cache: trees,
        version: series,
        progress: (text) => {
          if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
        },
        warn: (text) => process.stderr.write(`warning: ${text}\n`),
      },
      stop.signal,
    ));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const tree = join(trees, ARCH);
  const boot = (name: string): string => {
    const path = join(tree, 'boot', `${name}-${kernel.release}`);
    if (!existsSync(path)) throw new FetchError(`${kernel.package} holds no boot/${name}`);
    return relative(cache, path);
  };
  const index: QemuGuestIndex = {
    version: 1,
    release: kernel.release,
    bzImage: boot('vmlinuz'),
    config: boot('config'),
    modules: relative(cache, tree),
    init: relative(cache, await buildInit(cache)),
  };
  replaceFile(qemuIndexPath(cache, series), `${JSON.stringify(index, null, 2)}\n`);
  return `Linux ${kernel.release} for QEMU: ${kernel.modules} modules of ${kernel.package}\n`;
}

async function buildInit(cache: string): Promise<string> {
  const from = join(ROOT, 'guest-images', 'linux', 'init');
  const names = readdirSync(from).sort();
  const compiler = execFileSync('gcc', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  const texts = names.flatMap((name) => [name, readFileSync(join(from, name), 'latin1')]);
  const path = join(cache, 'guest-qemu', `init-${entryKey([compiler, ...texts])}`);
  await publish(path, (partial) => {
    const sources = names.filter((name) => name.endsWith('.c'));
    execFileSync('gcc', [...INIT_FLAGS_64, '-o', partial, ...sources], { cwd: from });
  });
  return path;
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { kernel: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const series = values.kernel?.replace(/^v/, '') ?? DEFAULT_GUEST_SERIES;
  if (!/^\d+\.\d+$/.test(series)) {
    const found = JSON.stringify(values.kernel);
    throw new InputError({ file: '--kernel', expected: 'a series such as 6.1', found });
  }
  const missing = [
    ['gcc', 'gcc'],
    ['apt-get', 'apt'],
    ['dpkg-deb', 'dpkg'],
    [QEMU_X86_64, 'qemu-system-x86'],
  ].filter(([program]) => findProgram(program!) === undefined);
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name).join(' ');
    process.stderr.write(`guest:qemu: missing; on Debian: apt-get install ${packages}\n`);
    return 2;
  }
  process.stdout.write(await prepare(series));
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const usage = error instanceof InputError || code?.startsWith('ERR_PARSE_ARGS') === true;
  if (!usage && !(error instanceof FetchError)) throw error;
  process.stderr.write(`guest:qemu: ${message}\n${usage ? `\n${USAGE}` : ''}`);
  process.exitCode = usage ? 2 : 1;
}
