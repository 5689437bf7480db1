// SPDX-License-Identifier: MIT
// Finds what `npm run guest:qemu` has made ready: Debian's stock kernels with our init.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_GUEST_SERIES, type LinuxGuestFiles } from '../../emulator/linux/guest-cache.ts';

/** Contents of a series' index; paths are relative to `.cache`. */
export interface QemuGuestIndex {
  readonly version: 1;
  readonly release: string;
  readonly bzImage: string;
  readonly config: string;
  /** Directory with the package's `lib/modules/RELEASE`. */
  readonly modules: string;
  readonly init: string;
}

/** `.cache` of a checkout, which holds packages and what is built of them. */
export function qemuCacheOf(root: string): string {
  return join(root, '.cache');
}

/** Where a series' index lies. */
export function qemuIndexPath(cache: string, series: string): string {
  return join(cache, 'guest-qemu', `${series}.json`);
}

/** The guest, or one line saying what is missing and how to get it. */
export function findQemuGuest(cache: string, series: string): LinuxGuestFiles | string {
  const option = series === DEFAULT_GUEST_SERIES ? '' : ` -- --kernel ${series}`;
  const advice = `run: npm run guest:qemu${option}`;
  let index: QemuGuestIndex;
  try {
    index = JSON.parse(readFileSync(qemuIndexPath(cache, series), 'utf8')) as QemuGuestIndex;
  } catch {
    return `no Debian kernel ${series} for QEMU in ${cache}; ${advice}`;
  }
  if (index.version !== 1)
    return `${qemuIndexPath(cache, series)} is of another version; ${advice}`;
  const at = (path: string): string => join(cache, path);
  return {
    release: index.release,
    bzImage: at(index.bzImage),
    config: at(index.config),
    modules: at(index.modules),
    init: at(index.init),
    bios: '',
    testModules: '',
    symvers: '',
    systemMap: '',
  };
}
