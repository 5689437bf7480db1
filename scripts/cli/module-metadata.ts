// SPDX-License-Identifier: MIT
/** The text files of depmod(8) and modprobe.d(5) beside a directory of modules. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ModuleMetadata } from '../../loader/module/index.ts';
import { isConfName } from '../../loader/userspace/index.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './module-walk.ts';

/** Far above the largest distribution's modules.alias, which has about 3 MB. */
const MAX_TEXT = 256 * 1024 * 1024;

/** Folders below the file tree, and where the guest has them. */
const MODPROBE_DIRECTORIES: readonly (readonly [folder: string, guest: string])[] = [
  ['etc/modprobe.d', '/etc/modprobe.d'],
  ['run/modprobe.d', '/run/modprobe.d'],
  ['usr/local/lib/modprobe.d', '/usr/local/lib/modprobe.d'],
  ['usr/lib/modprobe.d', '/lib/modprobe.d'],
  ['lib/modprobe.d', '/lib/modprobe.d'],
  // Not a place of modprobe's: beside the modules, for trees that are no whole file system.
  ['modprobe.d', '/lib/modprobe.d'],
];

/** `root` holds the modules and depmod's files; `top` is the file tree they belong to. */
export function readModuleMetadata(root: string, top: string): ModuleMetadata {
  const modprobeFiles = readModprobeFiles(root, top);
  return {
    ...readText('dep', root, 'modules.dep'),
    ...readText('alias', root, 'modules.alias'),
    ...readText('softdep', root, 'modules.softdep'),
    ...readText('builtin', root, 'modules.builtin'),
    ...readText('symbols', root, 'modules.symbols'),
    ...readText('order', root, 'modules.order'),
    ...readText('builtinModinfo', root, 'modules.builtin.modinfo', 'latin1'),
    ...(modprobeFiles.length === 0 ? {} : { modprobeFiles }),
  };
}

function readText(
  key: keyof ModuleMetadata,
  root: string,
  name: string,
  encoding: BufferEncoding = 'utf8',
): ModuleMetadata {
  const text = readOptional(join(root, name), encoding);
  return text === undefined ? {} : { [key]: text };
}

/** The file as text; undefined when there is none. */
function readOptional(file: string, encoding: BufferEncoding = 'utf8'): string | undefined {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return undefined;
    if (stats.size > MAX_TEXT) {
      throw new InputError({ file, expected: 'a text file', found: `${stats.size} bytes` });
    }
    return readFileSync(file, encoding);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, 'a text file that can be read', error);
  }
}

/** All files of the modprobe.d directories; of one path the first is kept. */
function readModprobeFiles(root: string, top: string): { path: string; text: string }[] {
  const files = new Map<string, string>();
  const places = MODPROBE_DIRECTORIES.map(([name, guest]) => [join(top, name), guest] as const);
  if (root !== top) places.push([join(root, 'modprobe.d'), '/lib/modprobe.d']);
  for (const [directory, guest] of places) {
    for (const name of confNames(directory)) {
      const path = `${guest}/${name}`;
      if (!files.has(path)) files.set(path, readOptional(join(directory, name)) ?? '');
    }
  }
  return [...files].map(([path, text]) => ({ path, text }));
}

function confNames(directory: string): string[] {
  try {
    return readdirSync(directory).filter(isConfName).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(directory, 'a directory that can be read', error);
  }
}
