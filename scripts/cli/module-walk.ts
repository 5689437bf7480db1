// SPDX-License-Identifier: MIT
/** Finding module files below a directory, whatever else lies there. */
import { closeSync, constants, openSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../loader/base/index.ts';
import { InputError } from './input-error.ts';

const MODULE_SUFFIXES: readonly string[] = ['.ko', '.ko.gz', '.ko.xz', '.ko.zst'];
export const MODULE_SUFFIX_TEXT = '.ko, .ko.gz, .ko.xz or .ko.zst';

/** Beyond this many entries it is some other directory, such as a whole file system. */
const MAX_ENTRIES = 500_000;
/** Names depmod never goes into: links to the kernel's headers and sources. */
const SKIPPED: ReadonlySet<string> = new Set(['build', 'source']);

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** What was passed over because it cannot be read, one sentence each. */
  readonly problems: readonly string[];
}

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
 * device is passed over whatever its name. A link that leads nowhere and a file or directory that
 * cannot be read are passed over and told.
 */
export function findModuleFiles(root: string, maxEntries = MAX_ENTRIES): FoundFiles {
  const files: FoundFile[] = [];
  const problems: string[] = [];
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
    for (const entry of listBelow(directory, path, problems)) {
      entries += 1;
      if (entries > maxEntries) throw tooLarge(root, maxEntries);
      if (SKIPPED.has(entry.name)) continue;
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      const link = entry.isSymbolicLink();
      const named = isModuleName(entry.name);
      if (!link && entry.isDirectory()) queue.push(below);
      else if (link || (named && entry.isFile())) {
        const stats = statEntry(root, below, named, problems);
        if (stats?.isDirectory()) linked.push(below);
        else if (named && stats?.isFile() && canRead(join(root, below), problems)) {
          files.push({ path: below, size: stats.size });
        }
      }
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { files, problems };
}

/** Entries of a directory below the root; one that cannot be read has none, and is told. */
function listBelow(directory: string, path: string, problems: string[]) {
  if (path === '') return listDirectory(directory);
  try {
    return listDirectory(directory);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(`${directory}: ${error.found}; its modules are left out`);
    return [];
  }
}

function canRead(file: string, problems: string[]): boolean {
  try {
    // access(2) asks for the real user, open(2) for the effective one.
    closeSync(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    problems.push(`${file}: ${reasonOf(error)}; it is left out`);
    return false;
  }
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

/** A link that leads nowhere is passed over, and told when it bears a module's name. */
function statEntry(
  root: string,
  path: string,
  named: boolean,
  problems: string[],
): Stats | undefined {
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
    problems.push(`${join(root, path)}: a link to ${reasonOf(error)}; it is left out`);
    return undefined;
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
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'no space left of the quota',
  EROFS: 'a file system that is read-only',
  EMFILE: 'too many open files',
  EFBIG: 'a file larger than the file system takes',
  EIO: 'an input or output error',
  EEXIST: 'a file where a directory should be',
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
