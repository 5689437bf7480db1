// SPDX-License-Identifier: MIT
// Finds what `npm run guest:linux` has built: `.cache/guest-linux/current.json` and what it names.

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

/** `current.json`; paths are relative to its directory. */
export interface GuestIndex {
  readonly version: 1;
  readonly release: string;
  readonly key: string;
  readonly bzImages: Readonly<Partial<Record<LinuxVariant, string>>>;
  readonly init: string;
  readonly bios: string;
  readonly modules: string;
  readonly testModules: string;
  readonly symvers: string;
  readonly systemMap: string;
  readonly config: string;
}

/** `.cache/guest-linux` of a checkout. */
export function guestCacheOf(root: string): string {
  return join(root, '.cache', 'guest-linux');
}

/** The built guest, or one line saying what is missing and how to get it. */
export function findLinuxGuest(cache: string, variant: LinuxVariant): LinuxGuestFiles | string {
  const index = readIndex(join(cache, 'current.json'));
  if (typeof index === 'string') return index;
  const bzImage = index.bzImages[variant];
  if (bzImage === undefined)
    return `no kernel for ${variant} modules; run: npm run guest:linux -- --variant ${variant}`;
  const at = (path: string): string => join(cache, path);
  return {
    release: index.release,
    bzImage: at(bzImage),
    init: at(index.init),
    bios: at(index.bios),
    modules: at(index.modules),
    testModules: at(index.testModules),
    symvers: at(index.symvers),
    systemMap: at(index.systemMap),
    config: at(index.config),
  };
}

function readIndex(path: string): GuestIndex | string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return `no Linux guest in ${dirname(path)}; run: npm run guest:linux`;
  }
  try {
    const index = JSON.parse(text) as GuestIndex;
    if (index.version === 1) return index;
  } catch {
    // Falls through: a file of another kind or version is to be built anew.
  }
  return `${path} is not an index of this version; run: npm run guest:linux`;
}
