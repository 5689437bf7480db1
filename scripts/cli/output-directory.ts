// SPDX-License-Identifier: MIT
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from './input-error.ts';
import { unreadable } from './module-walk.ts';

const CHUNK = 1 << 20;

/**
 * A directory of results that appears whole or not at all: everything goes into a hidden
 * neighbour, which takes the directory's name at the end.
 */
export class OutputDirectory {
  readonly path: string;
  readonly #partial: string;
  readonly #open = new Set<number>();
  #live = true;
  /** Parents that were made for this directory, outermost first. */
  readonly #made: string[] = [];
  readonly #onExit = (): void => this.discard();

  /** Throws an InputError when the directory is in use and `force` is not given. */
  constructor(path: string, force: boolean) {
    this.path = resolve(path);
    const found = contents(path, this.path);
    if (found > 0 && !force) {
      throw new InputError({
        file: path,
        expected: 'a directory that is empty or does not exist (or --force)',
        found: `${found} ${found === 1 ? 'entry' : 'entries'} in it`,
      });
    }
    this.#partial = join(dirname(this.path), `.${basename(this.path)}.partial-${process.pid}`);
    try {
      this.#makeParents(dirname(this.path));
      mkdirSync(this.#partial);
    } catch (error) {
      this.discard();
      throw unreadable(path, 'a place that can be written', error);
    }
    // Also when a reader of stdout goes away and the program with it.
    process.once('exit', this.#onExit);
  }

  /** One level at a time: `recursive` never returns where a file system refuses with ENOENT. */
  #makeParents(directory: string): void {
    if (existsSync(directory)) return;
    this.#makeParents(dirname(directory));
    mkdirSync(directory);
    this.#made.push(directory);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.#partial, name), text);
  }

  /** A file written piece by piece. */
  stream(name: string): { write(text: string): void; close(): void } {
    const fd = openSync(join(this.#partial, name), 'w');
    this.#open.add(fd);
    let pending: string[] = [];
    let size = 0;
    const flush = (): void => {
      if (pending.length > 0) writeSync(fd, pending.join(''));
      pending = [];
      size = 0;
    };
    return {
      write: (text) => {
        pending.push(text);
        size += text.length;
        if (size >= CHUNK) flush();
      },
      close: () => {
        flush();
        this.#open.delete(fd);
        closeSync(fd);
      },
    };
  }

  /** Moves the text of one file into another, behind a header. */
  prepend(header: string, from: string, to: string): void {
    const source = join(this.#partial, from);
    const target = this.stream(to);
    target.write(header);
    target.close();
    const input = openSync(source, 'r');
    const output = openSync(join(this.#partial, to), 'a');
    const chunk = Buffer.alloc(CHUNK);
    for (let read = readSync(input, chunk); read > 0; read = readSync(input, chunk)) {
      writeSync(output, chunk, 0, read);
    }
    closeSync(input);
    closeSync(output);
    rmSync(source);
  }

  /**
   * Gives the directory its name. One that was there under --force keeps its other files; each of
   * ours replaces its namesake whole.
   */
  commit(): void {
    if (!existsSync(this.path)) {
      renameSync(this.#partial, this.path);
    } else {
      for (const name of readdirSync(this.#partial)) {
        renameSync(join(this.#partial, name), join(this.path, name));
      }
      rmSync(this.#partial, { recursive: true });
    }
    this.#end();
  }

  /** Removes everything written so far, and the parents made for it if they are still empty. */
  discard(): void {
    if (!this.#live) return;
    this.#end();
    for (const fd of this.#open) closeSync(fd);
    this.#open.clear();
    rmSync(this.#partial, { recursive: true, force: true });
    for (const directory of this.#made.reverse()) {
      if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
    }
  }

  #end(): void {
    this.#live = false;
    process.off('exit', this.#onExit);
  }
}

function contents(given: string, path: string): number {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch {
    return 0;
  }
  if (!isDirectory) {
    throw new InputError({ file: given, expected: 'a directory', found: 'a file' });
  }
  return readdirSync(path).length;
}
