// SPDX-License-Identifier: MIT
/** What `writeModule` is told about the module it writes. */
import type { Bytes } from '../base/index.ts';

/**
 * Bytes of the plain sections; 0 leaves the section out. A section grows when what it must hold
 * (parameter names in `rodata`, calls in `text`) needs more.
 */
export interface ModuleSizes {
  readonly text?: Bytes;
  readonly exitText?: Bytes;
  readonly initText?: Bytes;
  readonly rodata?: Bytes;
  readonly initRodata?: Bytes;
  readonly data?: Bytes;
  readonly initData?: Bytes;
  readonly roAfterInit?: Bytes;
  readonly percpu?: Bytes;
  readonly bss?: Bytes;
}

export interface SpecExport {
  readonly name: string;
  readonly gpl?: boolean;
  readonly namespace?: string;
  readonly crc?: number;
}

/** A parameter; `type` is a kernel one: int, uint, bool, charp, … with ops `param_ops_<type>`. */
export interface SpecParam {
  readonly name: string;
  readonly type: string;
  readonly perm?: number;
  /** Elements of an array parameter. */
  readonly array?: number;
  /** What its 8 bytes of `.data` begin as; without it they are no more than filler. */
  readonly value?: bigint;
}

export interface ModuleSpec {
  readonly name: string;
  /** Default i386. */
  readonly arch?: 'i386' | 'x86_64';
  /** sizeof(struct module) of the kernel it is for. */
  readonly structModuleSize: Bytes;
  readonly sizes?: ModuleSizes;
  readonly vermagic?: string;
  /** Default GPL. */
  readonly license?: string;
  readonly depends?: readonly string[];
  /** Further modinfo entries in order, e.g. aliases. */
  readonly modinfo?: readonly (readonly [tag: string, value: string])[];
  readonly params?: readonly SpecParam[];
  readonly exports?: readonly SpecExport[];
  readonly undefinedSymbols?: readonly string[];
  /** `__versions` entries. */
  readonly versions?: readonly { readonly name: string; readonly crc: number }[];
  /** Has an init function; default true. */
  readonly init?: boolean;
  /** Has an exit function; default true. */
  readonly exit?: boolean;
  /** Further local function symbols in `.text`. */
  readonly extraSymbols?: number;
  /** Bytes of the whole file, reached by a longer `.comment`. */
  readonly fileSize?: Bytes;
}
