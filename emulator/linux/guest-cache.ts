// SPDX-License-Identifier: MIT
// Finds what `npm run guest:linux` has built: an index a kernel series in `.cache/guest-linux`, and
// what it names.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Algorithm the guest's kernel can decompress modules with. */
export type LinuxVariant = 'xz' | 'gzip' | 'zstd';

/** The parts of a built guest, as absolute paths. */
export interface LinuxGuestFiles {
  /** Kernel release, such as 6.12.117. */
  readonly release: string;
  readonly bzImage: string;
  /** Init and modprobe helper in one static program. */
  readonly init: string;
  readonly bios: string;
  /** Flat directory of the kernel's own modules. */
  readonly modules: string;
  /** Flat directory of this project's test modules. */
  readonly testModules: string;
  /** The kernel's `Module.symvers` and `System.map`. */
  readonly symvers: string;
  readonly systemMap: string;
  readonly config: string;
}

/** The series that is built and run when none is named. */
export const DEFAULT_GUEST_SERIES = '6.12';

/** The file in the cache that names the current guest of a series. */
export function guestIndex(series: string): string {
  return series === DEFAULT_GUEST_SERIES ? 'current.json' : `current-${series}.json`;
}

export const GUEST_INDEX_VERSION = 1;

/** Contents of a {@link guestIndex}; paths are relative to its directory. */
export interface GuestIndex {
  readonly version: typeof GUEST_INDEX_VERSION;
  readonly release: string;
  /** Directory by variant: bzImage, System.map, Module.symvers, config. */
  readonly kernels: Readonly<Partial<Record<LinuxVariant, string>>>;
  readonly init: string;
  readonly bios: string;
  readonly modules: string;
  readonly testModules: string;
}

/** `.cache/guest-linux` of a checkout. */
export function guestCacheOf(root: string): string {
  return join(root, '.cache', 'guest-linux');
}

/** The built guest, or one line saying what is missing and how to get it. */
export function findLinuxGuest(
  cache: string,
  variant: LinuxVariant,
  series: string = DEFAULT_GUEST_SERIES,
): LinuxGuestFiles | string {
  const build = series === DEFAULT_GUEST_SERIES ? [] : ['--kernel', series];
  const index = readIndex(join(cache, guestIndex(series)), build);
  if (typeof index === 'string') return index;
  const kernel = index.kernels[variant];
  if (kernel === undefined)
    return `no kernel for ${variant} modules; ${howTo([...build, '--variant', variant])}`;
  const at = (...path: string[]): string => join(cache, ...path);
  return {
    release: index.release,
    bzImage: at(kernel, 'bzImage'),
    systemMap: at(kernel, 'System.map'),
    symvers: at(kernel, 'Module.symvers'),
    config: at(kernel, 'config'),
    init: at(index.init),
    bios: at(index.bios),
    modules: at(index.modules),
    testModules: at(index.testModules),
  };
}

function howTo(args: readonly string[]): string {
  return `run: npm run guest:linux${args.length === 0 ? '' : ` -- ${args.join(' ')}`}`;
}

function readIndex(path: string, build: readonly string[]): GuestIndex | string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return `no Linux guest in ${dirname(path)}; ${howTo(build)}`;
  }
  try {
    const index = JSON.parse(text) as GuestIndex;
    if (index.version === GUEST_INDEX_VERSION) return index;
  } catch {
    // Falls through: a file of another kind or version is to be built anew.
  }
  return `${path} is not an index of this version; ${howTo(build)}`;
}
