// SPDX-License-Identifier: MIT
// `npm run guest:linux`: builds the Linux guest that the model is compared with.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  DEFAULT_GUEST_SERIES,
  GUEST_INDEX_VERSION,
  type GuestIndex,
  guestCacheOf,
  guestIndex,
  type LinuxVariant,
} from '../../emulator/linux/guest-cache.ts';
import {
  buildVariant,
  defaultJobs,
  entryKey,
  type KernelPlan,
  modulesOf,
  variantOf,
} from './linux-guest/kernel.ts';
import { buildPrograms } from './linux-guest/programs.ts';
import { lock, publish, replaceFile, unlock } from './linux-guest/published.ts';
import {
  BIOS_FILE,
  describeMissing,
  findMissing,
  kernelTarball,
} from './linux-guest/requirements.ts';
import { fragmentFor, tarballDigest, unpackSource } from './linux-guest/source.ts';
import { BuildFailure, Interrupted } from './linux-guest/steps.ts';

const USAGE = `usage: npm run guest:linux -- [--kernel 6.12|6.1] [--variant xz|gzip|zstd|all] [--jobs N]
                              [--source FILE] [--bios FILE]

Builds a 32-bit Linux, its init and test modules into .cache/guest-linux. What is there already
is not built again.

  --kernel    series of the kernel (default ${DEFAULT_GUEST_SERIES}); options it does not have are left out
  --variant   algorithm of compressed modules in the kernel (default xz)
  --jobs      compilers at a time (default: as many as CPUs)
  --source    kernel tarball (default ${kernelTarball('SERIES')})
  --bios      128 KiB BIOS image (default ${BIOS_FILE})
`;

const VARIANTS: readonly LinuxVariant[] = ['xz', 'gzip', 'zstd'];
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

interface Wishes {
  /** Series of the kernel, such as 6.12. */
  readonly series: string;
  readonly variants: readonly LinuxVariant[];
  readonly jobs: number;
  readonly tarball: string;
  readonly bios: string;
}

/** What the command line asks for, or the complaint about it. */
function readWishes(args: readonly string[]): Wishes | string | 'help' {
  let values: {
    kernel?: string;
    variant?: string;
    jobs?: string;
    source?: string;
    bios?: string;
    help?: boolean;
  };
  try {
    values = parseArgs({
      args: [...args],
      options: {
        kernel: { type: 'string' },
        variant: { type: 'string' },
        jobs: { type: 'string' },
        source: { type: 'string' },
        bios: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return (error as Error).message;
  }
  if (values.help) return 'help';
  const series = values.kernel?.replace(/^v/, '') ?? DEFAULT_GUEST_SERIES;
  if (!/^\d+\.\d+$/.test(series))
    return `--kernel: expected a series such as 6.1, found ${JSON.stringify(values.kernel)}`;
  const variant = values.variant ?? 'xz';
  const variants = variant === 'all' ? VARIANTS : VARIANTS.filter((v) => v === variant);
  if (variants.length === 0)
    return `--variant: expected xz, gzip, zstd or all, found ${JSON.stringify(variant)}`;
  const jobs = values.jobs === undefined ? defaultJobs() : Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 1024)
    return `--jobs: expected a number from 1 to 1024, found ${JSON.stringify(values.jobs)}`;
  return {
    series,
    variants,
    jobs,
    tarball: values.source ?? kernelTarball(series),
    bios: values.bios ?? BIOS_FILE,
  };
}

async function buildGuest(wishes: Wishes, signal: AbortSignal): Promise<string> {
  const started = Date.now();
  const cache = guestCacheOf(ROOT);
  const sources = join(ROOT, 'guest-images', 'linux');
  const fragment = readFileSync(join(sources, 'kernel.config'), 'utf8');
  const digest = await tarballDigest(wishes.tarball, cache);
  const compiler = execFileSync('gcc', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  // The whole file decides, so that the name is known before the source is unpacked.
  const key = entryKey([digest, fragment, compiler]);
  const entry = join(cache, key);
  mkdirSync(entry, { recursive: true });
  const log = join(entry, 'build.log');
  const source = await unpackSource(wishes.tarball, digest, cache, log, signal);
  const { kept, dropped } = fragmentFor(source, fragment, wishes.series);
  if (dropped.length > 0)
    process.stderr.write(`not in Linux ${wishes.series}: ${dropped.join(', ')}\n`);
  const plan: KernelPlan = { source, entry, fragment: kept, jobs: wishes.jobs, log };

  let built = false;
  for (const variant of wishes.variants)
    built = (await buildVariant(plan, variant, signal)) || built;
  const [first = 'xz'] = wishes.variants;
  const programs = await buildPrograms(plan, sources, first, signal);
  const bios = join(entry, 'bios.bin');
  await publish(bios, (partial) => copyFileSync(wishes.bios, partial));
  const index = writeIndex(cache, wishes.series, plan, { ...programs, bios });

  const seconds = Math.round((Date.now() - started) / 1000);
  const what = built || programs.rebuilt ? `built in ${seconds} s` : 'up to date';
  const variants = Object.keys(index.kernels).join(', ');
  return `Linux ${index.release} guest (${variants}) ${what}: ${relative('', entry)}\n`;
}

interface Parts {
  readonly init: string;
  readonly testModules: string;
  readonly bios: string;
}

/** Writes the series' index: from now on this is the guest of the series that runs. */
function writeIndex(cache: string, series: string, plan: KernelPlan, parts: Parts): GuestIndex {
  const at = (path: string): string => relative(cache, path);
  const present = VARIANTS.filter((variant) => existsSync(variantOf(plan, variant)));
  const release = readFileSync(join(variantOf(plan, present[0] ?? 'xz'), 'release'), 'utf8').trim();
  const index: GuestIndex = {
    version: GUEST_INDEX_VERSION,
    release,
    kernels: Object.fromEntries(present.map((v) => [v, at(variantOf(plan, v))])),
    modules: at(modulesOf(plan)),
    testModules: at(parts.testModules),
    init: at(parts.init),
    bios: at(parts.bios),
  };
  replaceFile(join(cache, guestIndex(series)), `${JSON.stringify(index, null, 2)}\n`);
  return index;
}

async function main(args: readonly string[]): Promise<number> {
  const wishes = readWishes(args);
  if (wishes === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (typeof wishes === 'string') {
    process.stderr.write(`guest:linux: ${wishes}\n`);
    return EXIT_USAGE;
  }
  const missing = findMissing(wishes.series, wishes.tarball, wishes.bios);
  if (missing.length > 0) {
    process.stderr.write(`${describeMissing(missing)}\n`);
    return EXIT_USAGE;
  }
  const lockFile = join(guestCacheOf(ROOT), 'lock');
  const owner = lock(lockFile);
  if (owner !== null) {
    process.stderr.write(`guest:linux: process ${owner} is building already (${lockFile})\n`);
    return 1;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  try {
    process.stdout.write(await buildGuest(wishes, stop.signal));
    return 0;
  } catch (error) {
    if (stop.signal.aborted || error instanceof Interrupted) return EXIT_INTERRUPTED;
    if (!(error instanceof BuildFailure)) throw error;
    process.stderr.write(`guest:linux: ${error.message}\n`);
    return 1;
  } finally {
    unlock(lockFile);
  }
}

process.exitCode = await main(process.argv.slice(2));
