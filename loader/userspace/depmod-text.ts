// SPDX-License-Identifier: MIT
/** The text files of depmod(8), read back. Lines that cannot be read are left out. */
import type { AliasEntry } from './alias-trie.ts';
import { normalizeAlias, pathToModuleName } from './normalize.ts';

export interface DepLine {
  readonly path: string;
  /** As listed: the last one is loaded first. */
  readonly dependencies: readonly string[];
}

/** modules.dep: `path: path …` */
export function parseDep(text: string): DepLine[] {
  const lines: DepLine[] = [];
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0 || line.startsWith('#')) continue;
    const dependencies = line
      .slice(colon + 1)
      .split(/[ \t]+/)
      .filter((path) => path !== '');
    lines.push({ path: line.slice(0, colon), dependencies });
  }
  return lines;
}

/** modules.alias and modules.symbols: `alias PATTERN MODULE`. The pattern may hold blanks. */
export function parseAlias(text: string): { pattern: string; module: string }[] {
  const aliases: { pattern: string; module: string }[] = [];
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (!line.startsWith('alias ') || space <= 6) continue;
    aliases.push({ pattern: line.slice(6, space), module: line.slice(space + 1) });
  }
  return aliases;
}

/** modules.builtin: one path on each line. */
export function parseBuiltin(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^[A-Za-z]/.test(line))
    .map(pathToModuleName);
}

/** modules.builtin.modinfo: `module.key=value`, NUL after each. */
export function parseBuiltinAliases(text: string): AliasEntry[] {
  const aliases: AliasEntry[] = [];
  for (const entry of text.split('\0')) {
    const found = /^([^.]+)\.alias=(.+)$/s.exec(entry);
    const pattern = found ? normalizeAlias(found[2]!) : undefined;
    if (pattern !== undefined) aliases.push({ pattern, module: found![1]!, priority: 0 });
  }
  return aliases;
}
