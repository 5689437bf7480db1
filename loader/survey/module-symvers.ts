// SPDX-License-Identifier: MIT
/**
 * `Module.symvers`, the kernel build's list of exported symbols (scripts/mod/modpost.c, Linux 6.12):
 * `crc <tab> symbol <tab> module <tab> EXPORT_SYMBOL[_GPL] [<tab> namespace]`, a symbol a line.
 */
import type { KernelExports } from '../presets/index.ts';

export interface SymversEntry {
  readonly crc: number;
  readonly name: string;
  /** `vmlinux`, or the path of a module without `.ko`. */
  readonly module: string;
  readonly gpl: boolean;
  readonly namespace: string;
}

export type ParseSymversResult =
  | { readonly ok: true; readonly entries: readonly SymversEntry[] }
  | {
      readonly ok: false;
      /** From 1. */
      readonly line: number;
      readonly expected: string;
      readonly found: string;
    };

const CRC = /^0x[0-9a-f]{8}$/i;
const EXPORT_TYPES: ReadonlySet<string> = new Set(['EXPORT_SYMBOL', 'EXPORT_SYMBOL_GPL']);

export function parseModuleSymvers(text: string): ParseSymversResult {
  const entries: SymversEntry[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!;
    if (line === '') continue;
    const problem = (expected: string, found: string): ParseSymversResult => ({
      ok: false,
      line: i + 1,
      expected,
      found,
    });
    const fields = line.split('\t');
    if (fields.length < 4 || fields.length > 5) {
      return problem('4 or 5 fields separated by tabs', `${fields.length}`);
    }
    const [crc, name, module, type, namespace = ''] = fields as [string, string, string, string];
    if (!CRC.test(crc)) return problem('a checksum such as 0x1234abcd', quote(crc));
    if (name === '') return problem('the name of a symbol', 'nothing');
    if (module === '') return problem('vmlinux or the name of a module', 'nothing');
    if (!EXPORT_TYPES.has(type)) {
      return problem('EXPORT_SYMBOL or EXPORT_SYMBOL_GPL', quote(type));
    }
    const gpl = type === 'EXPORT_SYMBOL_GPL';
    entries.push({ crc: Number.parseInt(crc, 16), name, module, gpl, namespace });
  }
  return { ok: true, entries };
}

function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}

/** What the kernel itself exports: the entries of `vmlinux`. */
export function exportsFromSymvers(entries: readonly SymversEntry[]): KernelExports {
  const own = new Map<string, SymversEntry>();
  for (const entry of entries) if (entry.module === 'vmlinux') own.set(entry.name, entry);
  return {
    has: (name) => own.has(name),
    crc: (name) => own.get(name)?.crc,
    gpl: (name) => own.get(name)?.gpl ?? false,
    namespace: (name) => own.get(name)?.namespace ?? '',
  };
}

/** Exactly these symbols, without checksums. */
export function exportsFromNames(names: Iterable<string>): KernelExports {
  const own = new Set(names);
  return { has: (name) => own.has(name), crc: () => undefined };
}
