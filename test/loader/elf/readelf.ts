// SPDX-License-Identifier: MIT
/** The tools the tests take their truth from: binutils and kmod, where installed. */
import { spawnSync } from 'node:child_process';

export function toolRuns(tool: string): boolean {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0;
}

export const HAVE_READELF = toolRuns('readelf');

export interface ReadelfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly entsize: number;
  readonly link: number;
  readonly info: number;
  readonly addralign: number;
}

const TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  INIT_ARRAY: 14,
  FINI_ARRAY: 15,
};

const FLAGS: Readonly<Record<string, number>> = {
  W: 1,
  A: 2,
  X: 4,
  M: 0x10,
  S: 0x20,
  I: 0x40,
  L: 0x80,
  O: 0x100,
  G: 0x200,
};

const HEX = '([0-9a-f]+)';
const LINE = new RegExp(
  `^ *\\[ *(\\d+)\\] (\\S*) +([A-Z_0-9]+) +${HEX} ${HEX} ${HEX} ${HEX} +([A-Z]*) +(\\d+) +(\\d+) +(\\d+)$`,
);

function run(args: readonly string[]): string {
  const result = spawnSync('readelf', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.error) throw result.error;
  return result.stdout;
}

/** Everything readelf warns about while it prints all it can. */
export function readelfWarnings(path: string): string {
  return spawnSync('readelf', ['-aW', path], { encoding: 'utf8', maxBuffer: 1 << 28 }).stderr;
}

/** Splits output over several files at the `File:` lines. */
function perFile(output: string, paths: readonly string[]): string[][] {
  if (paths.length === 1) return [output.split('\n')];
  const parts = output.split(/^File: .*$/m).slice(1);
  if (parts.length !== paths.length) throw new Error(`readelf printed ${parts.length} files`);
  return parts.map((part) => part.split('\n'));
}

/** `readelf -SW` of each file. */
export function readelfSections(paths: readonly string[]): ReadelfSection[][] {
  return perFile(run(['-SW', ...paths]), paths).map((lines) => {
    const sections: ReadelfSection[] = [];
    for (const line of lines) {
      if (!/^ *\[ *\d+\]/.test(line)) continue;
      const m = LINE.exec(line);
      if (!m) throw new Error(`not understood: ${line}`);
      if (Number(m[1]) !== sections.length) throw new Error(`out of order: ${line}`);
      const type = TYPES[m[3]!];
      if (type === undefined) throw new Error(`unknown section type ${m[3]}`);
      let flags = 0;
      for (const letter of m[8]!) {
        if (FLAGS[letter] === undefined) throw new Error(`unknown flag ${letter}`);
        flags |= FLAGS[letter];
      }
      const hex = (i: number) => Number.parseInt(m[i]!, 16);
      sections.push({
        name: m[2]!,
        type,
        flags,
        addr: hex(4),
        offset: hex(5),
        size: hex(6),
        entsize: hex(7),
        link: Number(m[9]),
        info: Number(m[10]),
        addralign: Number(m[11]),
      });
    }
    return sections;
  });
}

export interface ReadelfSymbol {
  readonly value: number;
  readonly size: number;
  readonly type: string;
  readonly bind: string;
  readonly ndx: string;
  readonly name: string;
}

const SYMBOL =
  /^ *(\d+): ([0-9a-f]+) +(0x[0-9a-f]+|\d+) (\S+) +(\S+) +\S+ +(?:\[[^\]]*\] +)?(\S+) ?(.*)$/;

/** `readelf -sW` of each file. */
export function readelfSymbols(paths: readonly string[]): ReadelfSymbol[][] {
  return perFile(run(['-sW', ...paths]), paths).map((lines) => {
    const symbols: ReadelfSymbol[] = [];
    for (const line of lines) {
      if (!/^ *\d+: /.test(line)) continue;
      const m = SYMBOL.exec(line);
      if (!m) throw new Error(`not understood: ${line}`);
      symbols.push({
        value: Number.parseInt(m[2]!, 16),
        size: Number(m[3]),
        type: m[4]!,
        bind: m[5]!,
        ndx: m[6]!,
        name: m[7]!,
      });
    }
    return symbols;
  });
}
