// SPDX-License-Identifier: MIT
/** Finding and reading the configuration of the kernel that a tree of modules belongs to. */
import { readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseKernelConfig } from '../../loader/survey/index.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './module-walk.ts';

export interface FoundConfig {
  /** Its path as the user would write it. */
  readonly name: string;
  readonly text: string;
}

/** The largest seen has 300 kB. */
const MAX_BYTES = 16 * 1024 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * The configuration beside a tree of modules: `build/.config` and `config` in the directory itself,
 * `boot/config-RELEASE` of the file tree it is in. Undefined when there is none that reads as one.
 */
export function findKernelConfig(
  root: string,
  top: string,
  release: string | undefined,
): FoundConfig | undefined {
  const trees = [top, join(resolve(root), '../../..'), join(resolve(root), '../../../..')];
  const places = [join(root, 'build/.config'), join(root, '.config'), join(root, 'config')];
  if (release !== undefined) {
    places.push(join(root, `config-${release}`));
    for (const tree of trees) places.push(join(tree, `boot/config-${release}`));
    places.push(join(top, `config-${release}`));
  }
  for (const place of places) {
    try {
      if (!statSync(place).isFile()) continue;
      const text = readKernelConfig(place);
      if (parseKernelConfig(text).ok) return { name: shortPath(place), text };
    } catch {
      // Not there, or not to be read: the next place.
    }
  }
  return undefined;
}

/** The text of a configuration file, as it is or as `/proc/config.gz` has it. */
export function readKernelConfig(file: string): string {
  const expected = "a kernel's configuration";
  let bytes: Buffer;
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw new InputError({ file, expected, found: 'a directory' });
    if (stats.size > MAX_BYTES) {
      throw new InputError({ file, expected, found: `${stats.size} bytes` });
    }
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(file, expected, error);
  }
  if (!GZIP_MAGIC.every((byte, i) => bytes[i] === byte)) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES }).toString('utf8');
  } catch {
    throw new InputError({ file, expected, found: 'a gzip file that does not unpack' });
  }
}

function shortPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith('..') || below === '' ? path : below;
}
