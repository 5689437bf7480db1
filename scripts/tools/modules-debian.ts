// SPDX-License-Identifier: MIT
/**
 * Takes a Debian kernel package into `.cache/debian/ARCH` as a directory of real modules:
 *
 *   npm run modules:debian [-- --arch i386|amd64|armhf|arm64] [--version 6.1.0-50] [--symvers] [--force]
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InputError } from '../cli/input-error.ts';
import { type DownloadOptions, FetchError, megabytes } from './debian/download-package.ts';
import { type CachedKernel, fetchKernel, readCached } from './debian/fetch-kernel.ts';
import { fetchSymvers, symversPath } from './debian/fetch-symvers.ts';
import {
  DEBIAN_ARCHES,
  DEFAULT_VERSION,
  type DebianArch,
  isOfSeries,
  kernelVersion,
} from './debian/kernel-package.ts';
import { findProgram } from './debian/run-command.ts';

const USAGE = `Usage: npm run modules:debian [-- OPTIONS]

  --arch ARCH         i386 (default), amd64, armhf or arm64
  --version VERSION   a kernel such as 6.1.0-50, or a series such as 6.1
                      (default: the newest 6.1 for i386, the newest 6.12 elsewhere)
  --symvers           Module.symvers of its headers package too, which tests compare with
  --force             fetch again even if it is there
  --help              this text
`;

const NO_APT = `modules:debian needs apt-get, apt-cache and dpkg-deb, which this system does not have.

Any directory of .ko, .ko.gz, .ko.xz or .ko.zst files will do instead:
  - on a Linux machine, its own modules:  --modules /lib/modules/$(uname -r)
  - elsewhere, an unpacked kernel package of any distribution (for Debian's:
    ar x linux-image-*.deb && tar -xf data.tar.xz):  --modules path/to/lib/modules/RELEASE
Without --modules, modstorm uses its bundled synthetic modules.
`;

const TOOLS = ['apt-get', 'apt-cache', 'dpkg-deb'];

interface Wanted {
  readonly arch: DebianArch;
  readonly version: string | undefined;
  readonly symvers: boolean;
  readonly force: boolean;
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = parse(args);
  if (wanted === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'debian');
  const cached = wanted.force ? undefined : readCached(cache, wanted.arch);
  const there = cached && isWanted(cached, wanted) ? cached : undefined;
  if (there && (!wanted.symvers || existsSync(symversPath(cache, wanted.arch)))) {
    report(there, wanted.arch, cache, 'Already there');
    return 0;
  }
  if (TOOLS.some((tool) => findProgram(tool) === undefined)) {
    process.stderr.write(NO_APT);
    return 2;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const line = new ProgressLine();
  const options: DownloadOptions = {
    arch: wanted.arch,
    cache,
    progress: (text) => line.show(text),
    warn: (text) => line.warn(text),
  };
  try {
    const version = wanted.version ?? DEFAULT_VERSION[wanted.arch];
    const kernel = there ?? (await fetchKernel({ ...options, version }, stop.signal));
    if (wanted.symvers) await fetchSymvers(options, kernel, stop.signal);
    line.clear();
    report(kernel, wanted.arch, cache, there ? 'Already there' : 'Fetched');
    return 0;
  } catch (error) {
    line.clear();
    if (stop.signal.aborted) return 130;
    if (!(error instanceof FetchError || error instanceof InputError)) throw error;
    process.stderr.write(`modules:debian: ${error.message}\n`);
    return 1;
  }
}

function parse(args: readonly string[]): Wanted | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      arch: { type: 'string', default: 'i386' },
      version: { type: 'string' },
      symvers: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { arch, version, symvers, force } = values;
  if (!isDebianArch(arch)) {
    const expected = DEBIAN_ARCHES.join(', ');
    throw new InputError({ file: '--arch', expected, found: `"${arch}"` });
  }
  if (version !== undefined && !/^\d+(\.[\w.+~-]+)?$/.test(version)) {
    const expected = 'a kernel version such as 6.1.0-50';
    throw new InputError({ file: '--version', expected, found: `"${version}"` });
  }
  return { arch, version, symvers, force };
}

function isDebianArch(text: string): text is DebianArch {
  return (DEBIAN_ARCHES as readonly string[]).includes(text);
}

function isWanted(cached: CachedKernel, { arch, version }: Wanted): boolean {
  if (version === undefined) return true;
  const there = kernelVersion(cached.package, arch);
  return there !== undefined && isOfSeries(there, version);
}

function report(kernel: CachedKernel, arch: DebianArch, cache: string, how: string): void {
  const path = relative(process.cwd(), join(cache, arch)) || '.';
  const indexes = kernel.depmod
    ? 'modules.dep, modules.alias, modules.softdep and modules.symbols were made by depmod.'
    : 'depmod (package kmod) is not installed: there are no modules.dep and modules.alias.';
  const use = `  node dist/cli.js boot --cpus 8 --modules ${path}`;
  const symvers = relative(process.cwd(), symversPath(cache, arch));
  const symbols = existsSync(symversPath(cache, arch)) ? `Symbols:    ${symvers}\n` : '';
  const size = `${kernel.modules} modules, ${megabytes(kernel.bytes)} MB`;
  process.stdout.write(
    `${how}: ${kernel.package} ${kernel.version}, ${size}
${indexes}

Directory:  ${path}
${symbols}Example:
${use}
`,
  );
}

/** One line on a terminal's stderr that is written over; nothing anywhere else. */
class ProgressLine {
  readonly #tty = process.stderr.isTTY === true;

  show(text: string): void {
    if (this.#tty) process.stderr.write(`\r\x1b[K${text}`);
  }

  clear(): void {
    if (this.#tty) process.stderr.write('\r\x1b[K');
  }

  warn(text: string): void {
    this.clear();
    process.stderr.write(`warning: ${text}\n`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof InputError) && !code?.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`modules:debian: ${message}\n\n${USAGE}`);
  process.exitCode = 2;
}
