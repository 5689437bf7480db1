/** The text files of depmod(8) and modprobe.d(5) beside a directory of modules. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ModuleMetadata } from '../../loader/module/index.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './module-walk.ts';

/** Far above the largest distribution's modules.alias, which has about 3 MB. */
const MAX_TEXT = 256 * 1024 * 1024;

/** In order of precedence: a file name in one hides the same name in those after it. */
const MODPROBE_DIRECTORIES = [
  'etc/modprobe.d',
  'run/modprobe.d',
  'usr/local/lib/modprobe.d',
  'usr/lib/modprobe.d',
  'lib/modprobe.d',
  'modprobe.d',
];

/** `root` holds the modules and depmod's files; `top` is the file tree they belong to. */
export function readModuleMetadata(root: string, top: string): ModuleMetadata {
  const modprobeConf = readModprobeConf(root, top);
  return {
    ...readText('dep', root, 'modules.dep'),
    ...readText('alias', root, 'modules.alias'),
    ...readText('softdep', root, 'modules.softdep'),
    ...readText('builtin', root, 'modules.builtin'),
    ...readText('symbols', root, 'modules.symbols'),
    ...readText('order', root, 'modules.order'),
    ...readText('builtinModinfo', root, 'modules.builtin.modinfo', 'latin1'),
    ...(modprobeConf === undefined ? {} : { modprobeConf }),
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

/** All `*.conf` of the modprobe.d directories, in the order of their names as modprobe reads them. */
function readModprobeConf(root: string, top: string): string | undefined {
  const files = new Map<string, string>();
  const directories = MODPROBE_DIRECTORIES.map((name) => join(top, name));
  if (root !== top) directories.push(join(root, 'modprobe.d'));
  for (const directory of directories) {
    for (const name of confNames(directory)) {
      if (!files.has(name)) files.set(name, join(directory, name));
    }
  }
  if (files.size === 0) return undefined;
  const names = [...files.keys()].sort();
  const texts = names.map((name) => readOptional(files.get(name)!) ?? '');
  return texts.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
}

function confNames(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.conf'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(directory, 'a directory that can be read', error);
  }
}
