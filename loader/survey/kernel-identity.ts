// SPDX-License-Identifier: MIT
/**
 * Who the kernel is that a source's modules were built for. What a scenario does not give is
 * inferred: the commonest vermagic and struct module size of the modules, and as the kernel's own
 * symbols all that no module of the source exports.
 */

import type { Bytes } from '../base/index.ts';
import type { CompressionFormat } from '../decompress/index.ts';
import type { ElfArch } from '../elf/index.ts';
import type { ModuleFile, ModuleSource } from '../module/index.ts';
import type { KernelExports, KernelIdentity } from '../presets/index.ts';
import { SymbolTally } from './symbol-tally.ts';

/** What a scenario may say of the kernel. */
export interface GivenIdentity {
  readonly release?: string | undefined;
  readonly vermagic?: string | undefined;
  readonly structModuleSize?: Bytes | undefined;
  readonly modversions?: boolean | undefined;
  readonly exports?: KernelExports | undefined;
  readonly blacklist?: readonly string[] | undefined;
}

/** Where a value of the identity comes from: the scenario, the source itself, its modules, … */
export type IdentityOrigin =
  | 'given'
  | 'source'
  | 'modules'
  | 'vermagic'
  | 'modules.symbols'
  | 'none';

/** How an identity came about, for the result. */
export interface IdentityReport {
  readonly release: { readonly value: string; readonly from: IdentityOrigin };
  /** `votes` modules of `modules_read` have this vermagic. */
  readonly vermagic: {
    readonly value: string;
    readonly from: IdentityOrigin;
    readonly votes: number;
  };
  readonly struct_module_size: {
    readonly value: Bytes | null;
    readonly from: IdentityOrigin;
    readonly votes: number;
  };
  readonly modversions: { readonly value: boolean; readonly from: IdentityOrigin };
  /** `symbols`: names that modules export, which therefore are not the kernel's. */
  readonly exports: { readonly from: IdentityOrigin; readonly module_symbols: number };
  readonly modules_read: number;
  /** Files among those looked at that are no module or do not decode. */
  readonly files_unreadable: number;
  readonly files_total: number;
}

export interface InferredIdentity {
  readonly identity: KernelIdentity;
  /** Architecture of most modules; undefined when none could be read. */
  readonly arch: ElfArch | undefined;
  /** Commonest compression; undefined when no file is compressed. */
  readonly compression: CompressionFormat | undefined;
  readonly report: IdentityReport;
}

export interface IdentityProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Compressed modules looked at when modules.symbols tells the exports: decoding all of a
 * distribution's takes many seconds, and their vermagic is one and the same.
 */
const SAMPLE = 64;
/** No kernel reads a larger file (kernel_read_file). */
const INT_MAX = 0x7fff_ffff;
const COMPRESSED_NAME = /\.ko\.(gz|xz|zst)$/;

/** Reads the modules of `source`, unless the source knows its kernel. */
export function inferIdentity(
  source: ModuleSource,
  given: GivenIdentity = {},
  onProgress?: (progress: IdentityProgress) => void,
): InferredIdentity {
  const steps = identitySteps(source, given);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onProgress?.(step.value);
  }
}

/** The same, a file at a step, for callers that have other things to do between. */
export function* identitySteps(
  source: ModuleSource,
  given: GivenIdentity = {},
): Generator<IdentityProgress, InferredIdentity, void> {
  const known = source.identity;
  const tally = new SymbolTally();
  const fromText = given.exports || known ? undefined : symbolsOf(source.metadata.symbols);
  const exportsKnown = given.exports !== undefined || fromText !== undefined;
  const files = known ? [] : filesToRead(source.files, exportsKnown);
  for (let i = 0; i < files.length; i += 1) {
    const file = files[i]!;
    if (file.size > INT_MAX) tally.unreadable += 1;
    else tally.add(file.read());
    yield { done: i + 1, total: files.length };
  }
  return conclude(source, given, tally, fromText);
}

/** Given before known by the source before found in its modules. */
function conclude(
  source: ModuleSource,
  given: GivenIdentity,
  tally: SymbolTally,
  fromText: ReadonlySet<string> | undefined,
): InferredIdentity {
  const known = source.identity;
  const magic = tally.vermagic.winner();
  const size = tally.structModuleSize.winner();
  const vermagic = given.vermagic ?? known?.vermagic ?? magic?.value ?? '';
  const release = given.release ?? source.release ?? vermagic.split(' ')[0]!;
  const modversions = given.modversions ?? vermagic.split(' ').includes('modversions');
  const own = fromText ?? tally.exported;
  const exports = given.exports ??
    known?.exports ?? {
      has: (name: string) => !own.has(name),
      crc: (name: string) => (own.has(name) ? undefined : tally.crc(name)),
    };
  const structModuleSize = given.structModuleSize ?? known?.structModuleSize ?? size?.value;
  return {
    identity: {
      release,
      vermagic,
      structModuleSize,
      modversions,
      exports,
      blacklist: given.blacklist ?? [],
    },
    arch: known?.arch ?? tally.arch.winner()?.value,
    compression: tally.compression.winner()?.value,
    report: {
      release: {
        value: release,
        from: origin(given.release, source.release ? 'source' : vermagic ? 'vermagic' : 'none'),
      },
      vermagic: {
        value: vermagic,
        from: origin(given.vermagic, known ? 'source' : magic ? 'modules' : 'none'),
        votes: given.vermagic === undefined ? (magic?.votes ?? 0) : 0,
      },
      struct_module_size: {
        value: structModuleSize ?? null,
        from: origin(given.structModuleSize, known ? 'source' : size ? 'modules' : 'none'),
        votes: given.structModuleSize === undefined ? (size?.votes ?? 0) : 0,
      },
      modversions: { value: modversions, from: origin(given.modversions, 'vermagic') },
      exports: {
        from: origin(given.exports, known ? 'source' : fromText ? 'modules.symbols' : 'modules'),
        module_symbols: given.exports || known ? 0 : own.size,
      },
      modules_read: tally.modules,
      files_unreadable: tally.unreadable,
      files_total: source.files.length,
    },
  };
}

function origin(given: unknown, otherwise: IdentityOrigin): IdentityOrigin {
  return given === undefined ? otherwise : 'given';
}

/** All files; of compressed ones only some, evenly spread, when exports are known without them. */
function filesToRead(files: readonly ModuleFile[], exportsKnown: boolean): readonly ModuleFile[] {
  if (!exportsKnown || files.length <= SAMPLE) return files;
  const compressed = files.filter(({ path }) => COMPRESSED_NAME.test(path)).length;
  if (compressed * 2 < files.length) return files;
  return Array.from({ length: SAMPLE }, (_, i) => files[Math.floor((i * files.length) / SAMPLE)]!);
}

/** Names in depmod's modules.symbols: `alias symbol:NAME MODULE` lines. */
function symbolsOf(text: string | undefined): Set<string> | undefined {
  if (text === undefined) return undefined;
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('alias symbol:')) continue;
    const end = line.indexOf(' ', 13);
    if (end > 13) names.add(line.slice(13, end));
  }
  return names;
}
