// SPDX-License-Identifier: MIT
/** What is known of a module file whose bytes cannot be had: headers, symbols and `.modinfo`. */
import type { Bytes } from '../base/index.ts';

export interface SectionFacts {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly size: Bytes;
  readonly link: number;
  readonly info: number;
  readonly align: Bytes;
  readonly entsize: Bytes;
}

/** Elf32_Sym with its name. */
export type SymbolFacts = readonly [
  name: string,
  value: number,
  size: Bytes,
  info: number,
  other: number,
  shndx: number,
];

/** All section headers in their order, section 0 and the tables among them. */
export interface ModuleFileFacts {
  readonly file_bytes: Bytes;
  readonly shstrndx: number;
  readonly sections: readonly SectionFacts[];
  readonly symbols: readonly SymbolFacts[];
  /** The strings of `.modinfo` in their order. */
  readonly modinfo: readonly string[];
}

export type StandInResult =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly message: string };
