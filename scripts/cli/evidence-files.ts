// SPDX-License-Identifier: MIT
/** Reads files of evidence, packed or not, piece by piece, whatever their size. */
import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { EvidenceReader, Facts, type LineProblem, sniff } from '../../loader/import/index.ts';
import { Breath } from './breath.ts';
import type { CommandContext } from './command-context.ts';
import { InputError } from './input-error.ts';
import { reasonOf } from './module-walk.ts';
import { Progress } from './progress.ts';
import { TarEntries } from './tar-entries.ts';

const CHUNK = 1 << 20;
const MOST_FILES = 10_000;
const MODULE = /\.ko(?:\.(?:gz|xz|zst))?$/;
/** Enough for every magic number and for a judgement of what the bytes are. */
const HEAD = 4096;

export interface Evidence {
  readonly facts: Facts;
  /** Directories among the arguments that hold module files. */
  readonly moduleDirs: readonly string[];
}

/** Reads all of them into one set of facts. Throws an InputError for what is no evidence at all. */
export async function readEvidence(
  paths: readonly string[],
  context: CommandContext,
): Promise<Evidence> {
  const facts = new Facts();
  const moduleDirs: string[] = [];
  const reading = new Reading(facts, context);
  try {
    for (const path of paths) {
      const { files, hasModules } = filesOf(path);
      if (hasModules) moduleDirs.push(path);
      const alone = files.length === 1;
      for (const file of files) await reading.file(file, alone);
      if (files.length === 0 && !hasModules) {
        throw new InputError({
          file: path,
          expected: 'files to read',
          found: 'an empty directory',
        });
      }
    }
  } finally {
    reading.progress.clear();
  }
  return { facts, moduleDirs };
}

function filesOf(path: string): { files: string[]; hasModules: boolean } {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (error) {
    throw new InputError({ file: path, expected: 'a file or directory', found: reasonOf(error) });
  }
  if (!stats.isDirectory()) return { files: [path], hasModules: false };
  const files: string[] = [];
  let hasModules = false;
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const inside = join(dir, entry.name);
      if (entry.isDirectory()) visit(inside);
      else if (MODULE.test(entry.name)) hasModules = true;
      else if (entry.isFile() && !/^modules\.\w+(?:\.(?:bin|modinfo))?$|\.json$/.test(entry.name))
        files.push(inside);
      if (files.length > MOST_FILES) {
        throw new InputError({
          file: path,
          expected: `at most ${MOST_FILES} files`,
          found: 'more',
        });
      }
    }
  };
  visit(path);
  return { files, hasModules };
}

class Reading {
  readonly progress = new Progress();
  readonly #facts: Facts;
  readonly #breath: Breath;

  constructor(facts: Facts, context: CommandContext) {
    this.#facts = facts;
    this.#breath = new Breath(context);
  }

  /** `strict`: a file of no known kind is an error; in a directory it is named among the unusable. */
  async file(path: string, strict: boolean): Promise<void> {
    const sink = new TextSink(this.#facts, path, strict);
    let total = 0;
    try {
      for await (const bytes of bytesOf(path)) {
        await this.#bytes(sink, bytes);
        total += bytes.length;
        this.progress.show(() => `${path}: ${(total / CHUNK).toFixed(0)} MiB`);
        await this.#breath.take();
      }
      await sink.end();
    } catch (error) {
      if (error instanceof InputError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined || typeof code !== 'string') throw error;
      const packed = code.startsWith('Z_');
      throw new InputError({
        file: path,
        ...(packed ? { place: sink.place() } : {}),
        expected: packed ? 'a whole gzip file' : 'a file that can be read',
        found: packed ? `${(error as Error).message} (cut short or damaged)` : reasonOf(error),
      });
    }
  }

  #bytes(sink: TextSink, bytes: Uint8Array): Promise<void> {
    return sink.feed(bytes);
  }
}

/** Plain files are read at once, gzip is undone on the way. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const fd = openSync(path, 'r');
  const head = Buffer.alloc(CHUNK);
  let read: number;
  try {
    read = readSync(fd, head);
    if (!(read >= 2 && head[0] === 0x1f && head[1] === 0x8b)) {
      for (; read > 0; read = readSync(fd, head)) yield head.subarray(0, read);
      return;
    }
  } finally {
    closeSync(fd);
  }
  const source = createReadStream(path, { highWaterMark: CHUNK });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  source.on('error', (error) => gunzip.destroy(error));
  yield* source.pipe(gunzip) as AsyncIterable<Uint8Array>;
}

/** Text of one file, or of each file of a tar archive. */
class TextSink {
  readonly #facts: Facts;
  readonly #path: string;
  readonly #strict: boolean;
  readonly #decoder = new TextDecoder('utf-8');
  #reader: EvidenceReader | undefined;
  #tar: TarEntries | undefined;
  #inner: TextSink | undefined;
  #lines = 0;
  /** Bytes before it is known what they are. */
  #head: Uint8Array[] = [];
  #held = 0;
  #skip = false;

  constructor(facts: Facts, path: string, strict: boolean) {
    this.#facts = facts;
    this.#path = path;
    this.#strict = strict;
  }

  /** How far the text was read, for messages. */
  place(): string {
    return this.#lines === 0 ? 'line 1, column 1' : `after line ${this.#lines}`;
  }

  async feed(bytes: Uint8Array): Promise<void> {
    if (this.#skip) return;
    if (this.#tar !== undefined) return this.#tar.feed(bytes);
    if (this.#reader !== undefined) return this.#text(bytes);
    this.#head.push(bytes.slice());
    this.#held += bytes.length;
    if (this.#held >= HEAD) await this.#begin();
  }

  async end(): Promise<void> {
    if (this.#reader === undefined && this.#tar === undefined && !this.#skip) await this.#begin();
    if (this.#tar !== undefined) {
      const problem = this.#tar.end();
      if (problem !== null)
        throw this.#error({
          place: problem.place,
          expected: problem.expected,
          found: problem.found,
        });
      return;
    }
    if (this.#reader === undefined) return;
    const rest = this.#decoder.decode();
    this.#check(this.#reader.feed(rest));
    const problem = this.#reader.end();
    if (problem === null) return;
    if (this.#strict) this.#check(problem);
  }

  async #begin(): Promise<void> {
    const head = Buffer.concat(this.#head);
    this.#head = [];
    const kind = sniff(head.subarray(0, 65_536));
    if (kind.kind === 'tar') {
      this.#tar = new TarEntries({
        open: (name) => {
          this.#inner = MODULE.test(name)
            ? undefined
            : new TextSink(this.#facts, `${this.#path}:${name}`, false);
        },
        bytes: async (bytes) => this.#inner?.feed(bytes),
        close: async () => this.#inner?.end(),
      });
      return this.#tar.feed(head);
    }
    if (kind.kind === 'module') {
      throw this.#error({
        place: 'line 1, column 1',
        expected: 'a text',
        found: 'an ELF file (for a module: modstorm modules FILE)',
      });
    }
    if (kind.kind === 'refused') {
      const before = head.subarray(0, kind.at);
      const line = before.filter((byte) => byte === 10).length + 1;
      const column = kind.at - before.lastIndexOf(10);
      const error = this.#error({
        place: `line ${line}, column ${column}`,
        expected: 'text (UTF-8)',
        found: `${kind.found}; ${kind.hint}`,
      });
      if (this.#strict) throw error;
      this.#facts.refuse({ file: this.#path, line }, `${kind.found}; ${kind.hint}`, '');
      this.#skip = true;
      return;
    }
    this.#reader = new EvidenceReader(this.#facts, this.#path);
    this.#text(head);
  }

  #text(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines += 1;
    this.#check(this.#reader!.feed(text));
  }

  #check(problem: LineProblem | null): void {
    if (problem === null) return;
    const { line, column, expected, found } = problem;
    throw this.#error({ place: `line ${line}, column ${column}`, expected, found });
  }

  #error(problem: { place: string; expected: string; found: string }): InputError {
    return new InputError({ file: this.#path, ...problem });
  }
}
