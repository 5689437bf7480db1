// SPDX-License-Identifier: MIT
// The module files a recording was made with: the real ones where somebody has them, otherwise
// stand-ins written from their facts.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { standInModule } from '../../../loader/elf/index.ts';
import { InputError } from '../../cli/input-error.ts';
import type { ModuleFiles } from '../module-files.ts';
import { derivedFile } from './derived-files.ts';
import type { RecordedFacts, Recording } from './recording.ts';

export interface RecordedFiles {
  readonly files: ModuleFiles;
  /** How many are the real bytes, and how many stand-ins. */
  readonly real: number;
  readonly standIns: number;
  /** Why a file of the recording cannot be had, by its path. */
  readonly missing: ReadonlyMap<string, string>;
  /** Symbols that modules need and none of them exports: the kernel's own. */
  readonly kernelExports: readonly string[];
}

/** Real files by the SHA-256 of their bytes. */
export type RealFiles = ReadonlyMap<string, Uint8Array>;

export function realFilesOf(files: Iterable<Uint8Array>): RealFiles {
  return new Map([...files].map((bytes) => [sha256(bytes), bytes]));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Facts are found by the file's hash, or by its name when the hash is not among them. */
export function recordedFiles(
  recording: Recording,
  facts: ReadonlyMap<string, RecordedFacts>,
  real: RealFiles,
): RecordedFiles {
  const byHash = new Map([...facts.values()].map((one) => [one.sha256, one]));
  const byName = new Map([...facts].map(([path, one]) => [baseName(path), one]));
  const files = new Map<string, Uint8Array>();
  const missing = new Map<string, string>();
  let standIns = 0;
  const standIn = (one: RecordedFacts, path: string): Uint8Array => {
    const made = standInModule(one);
    if (!made.ok) {
      const expected = 'facts that hold together';
      throw new InputError({ file: recording.file, place: path, expected, found: made.message });
    }
    return made.bytes;
  };
  const plain = (name: string): Uint8Array | undefined => {
    const one = byName.get(name);
    return one === undefined ? undefined : standIn(one, name);
  };
  const names = unloadedNames(recording);
  for (const [path, { bytes, sha256: hash }] of recording.moduleFiles) {
    const found = real.get(hash);
    if (found !== undefined) {
      files.set(path, found);
      continue;
    }
    const own = byHash.get(hash);
    const made =
      own === undefined
        ? (derivedFile(path, names.get(path), plain) ?? compressedFile(path, bytes, plain))
        : standIn(own, path);
    if (typeof made === 'string' || made === undefined) {
      missing.set(path, made ?? 'no facts of it are known');
    } else if (made.length !== bytes) {
      missing.set(path, `the stand-in has ${made.length} bytes, not ${bytes}`);
    } else {
      files.set(path, made);
      standIns += 1;
    }
  }
  return {
    files,
    real: files.size - standIns,
    standIns,
    missing,
    kernelExports: kernelExports(facts.values()),
  };
}

/** By a file's path, the module that a later step unloads after it was loaded: its name. */
function unloadedNames({ scenario }: Recording): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  let path: string | undefined;
  for (const step of scenario.steps ?? []) {
    if ('finit_module' in step) path = step.finit_module;
    else if ('delete_module' in step && path !== undefined) {
      if (!names.has(path)) names.set(path, step.delete_module);
      path = undefined;
    }
  }
  return names;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const COMPRESSED = /^([^/]+?)(\d+[KM]iB)?\.ko\.(xz|gz|zst)$/;

/**
 * A compressed module as the suites make them: `NAME.ko.xz`, or with the size of xz's dictionary
 * `NAME1MiB.ko.xz`. Contents compress otherwise than the real ones did; no decoder of the kernel
 * looks behind the end of its stream, so zeros there give the recorded length.
 */
function compressedFile(
  path: string,
  bytes: number,
  plain: (name: string) => Uint8Array | undefined,
): Uint8Array | string | undefined {
  const found = COMPRESSED.exec(path);
  const image = found === null ? undefined : plain(`${found[1]}.ko`);
  if (found === null || image === undefined) return undefined;
  const [, , dictionary, suffix] = found;
  const stream = compress(suffix!, dictionary, image);
  if (typeof stream === 'string') return stream;
  if (stream.length > bytes) {
    return `a stand-in compresses to ${stream.length} bytes, more than ${bytes}`;
  }
  const padded = new Uint8Array(bytes);
  padded.set(stream);
  return padded;
}

function compress(
  suffix: string,
  dictionary: string | undefined,
  image: Uint8Array,
): Uint8Array | string {
  if (suffix === 'gz') return gzipSync(image);
  const [tool, ...args] =
    suffix === 'zst'
      ? ['zstd', '-q']
      : [
          'xz',
          '--check=crc32',
          ...(dictionary === undefined ? [] : [`--lzma2=dict=${dictionary}`]),
        ];
  const { status, stdout, error } = spawnSync(tool!, [...args, '-c'], {
    input: image,
    maxBuffer: 1 << 28,
  });
  if (error || status !== 0) return `it needs the program ${tool}`;
  return new Uint8Array(stdout);
}

/** Undefined symbols of all modules less what modules export. */
function kernelExports(facts: Iterable<RecordedFacts>): string[] {
  const needed = new Set<string>();
  const exported = new Set<string>();
  for (const { symbols } of facts) {
    for (const [name, , , info, , shndx] of symbols) {
      if (name.startsWith('__ksymtab_')) exported.add(name.slice('__ksymtab_'.length));
      else if (shndx === 0 && name !== '' && info >> 4 !== 0) needed.add(name);
    }
  }
  return [...needed].filter((name) => !exported.has(name)).sort();
}
