/** Finding module files below a directory, whatever else lies there. */
import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../loader/base/index.ts';
import { InputError } from './input-error.ts';

const MODULE_SUFFIXES: readonly string[] = ['.ko', '.ko.gz', '.ko.xz', '.ko.zst'];
export const MODULE_SUFFIX_TEXT = '.ko, .ko.gz, .ko.xz or .ko.zst';

/** Beyond this many entries it is some other directory, such as a whole file system. */
const MAX_ENTRIES = 500_000;
/** Names depmod never goes into: links to the kernel's headers and sources. */
const SKIPPED: ReadonlySet<string> = new Set(['build', 'source']);

export interface FoundFile {
  /** Below the directory, with `/`. */
  readonly path: string;
  readonly size: Bytes;
}

export function isModuleName(name: string): boolean {
  return MODULE_SUFFIXES.some((suffix) => name.endsWith(suffix) && name.length > suffix.length);
}

/**
 * Every regular file below `root` whose name is a module's, sorted by path. Symbolic links are
 * followed; each directory is entered once, under its own name before any link's. A FIFO, socket or
 * device is passed over whatever its name.
 */
export function findModuleFiles(root: string, maxEntries = MAX_ENTRIES): FoundFile[] {
  const files: FoundFile[] = [];
  const entered = new Set<string>();
  const linked: string[] = [];
  const queue = [''];
  let entries = 0;
  for (;;) {
    const path = queue.shift() ?? linked.shift();
    if (path === undefined) break;
    const directory = join(root, path);
    const { dev, ino } = statOf(directory);
    const identity = `${dev}:${ino}`;
    if (entered.has(identity)) continue;
    entered.add(identity);
    for (const entry of listDirectory(directory)) {
      entries += 1;
      if (entries > maxEntries) throw tooLarge(root, maxEntries);
      if (SKIPPED.has(entry.name)) continue;
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      const link = entry.isSymbolicLink();
      const named = isModuleName(entry.name);
      if (!link && entry.isDirectory()) queue.push(below);
      else if (link || (named && entry.isFile())) {
        const stats = statEntry(root, below, named);
        if (stats?.isDirectory()) linked.push(below);
        else if (named && stats?.isFile()) files.push({ path: below, size: stats.size });
      }
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function listDirectory(directory: string) {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw unreadable(directory, 'a directory that can be read', error);
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unreadable(path, 'a directory that can be read', error);
  }
}

/** A link that leads nowhere is refused when it bears a module's name, else passed over. */
function statEntry(root: string, path: string, named: boolean): Stats | undefined {
  try {
    return statSync(join(root, path));
  } catch (error) {
    if (!named) return undefined;
    if (path.includes('�')) {
      throw new InputError({
        file: root,
        place: path,
        expected: 'names in UTF-8',
        found: 'a module file whose name is not',
      });
    }
    throw unreadable(join(root, path), 'a module file', error);
  }
}

function tooLarge(root: string, maxEntries: number): InputError {
  return new InputError({
    file: root,
    expected: `a directory of modules (at most ${maxEntries} entries)`,
    found: 'more entries than that',
  });
}

const REASONS: Record<string, string> = {
  EACCES: 'no permission to read it',
  EISDIR: 'a directory',
  ELOOP: 'symbolic links that lead in a circle',
  ENAMETOOLONG: 'a path too long to open',
  ENOENT: 'nothing there',
  ENOTDIR: 'a file where a directory should be',
  EPERM: 'no permission to read it',
};

/** An error of the file system in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? code ?? message;
}

/** An error of the file system, as the problem with `file` that it is. */
export function unreadable(file: string, expected: string, error: unknown): InputError {
  return new InputError({ file, expected, found: reasonOf(error) });
}
