// SPDX-License-Identifier: MIT
// Finds what `npm run guest:userland` has made: `.cache/guest-userland/current.json` and its files.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The guest's programs, as absolute paths. */
export interface UserlandFiles {
  /** Our program that speaks the port (guest-images/linux/client). */
  readonly client: string;
  readonly busybox: string;
}

export const USERLAND_INDEX = 'current.json';
export const USERLAND_INDEX_VERSION = 1;

/** Contents of {@link USERLAND_INDEX}; paths are relative to its directory. */
export interface UserlandIndex extends UserlandFiles {
  readonly version: typeof USERLAND_INDEX_VERSION;
}

/** `.cache/guest-userland` of a checkout. */
export function userlandCacheOf(root: string): string {
  return join(root, '.cache', 'guest-userland');
}

/** The programs, or one line saying what is missing and how to get it. */
export function findUserland(cache: string): UserlandFiles | string {
  const missing = `no user space for the Linux guest in ${cache}; run: npm run guest:userland`;
  try {
    const index = JSON.parse(readFileSync(join(cache, USERLAND_INDEX), 'utf8')) as UserlandIndex;
    if (index.version !== USERLAND_INDEX_VERSION) return missing;
    return { client: join(cache, index.client), busybox: join(cache, index.busybox) };
  } catch {
    return missing;
  }
}
