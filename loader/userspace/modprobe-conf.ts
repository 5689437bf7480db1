// SPDX-License-Identifier: MIT
/**
 * The directives of modprobe.d(5), read line by line as libkmod reads them (libkmod-config.c,
 * kmod 30). A bad line is reported and skipped.
 */
import type { CommandLineFacts } from './kernel-command-line.ts';
import { normalizeAlias } from './normalize.ts';

export interface ConfAlias {
  readonly pattern: string;
  readonly module: string;
}

export interface ConfText {
  /** Module name; for commands and softdeps a pattern. */
  readonly module: string;
  readonly text: string;
}

export interface ConfSoftdep {
  readonly module: string;
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

export interface ModprobeConf {
  readonly aliases: ConfAlias[];
  readonly blacklist: Set<string>;
  /** The same in order, with repetitions. */
  readonly blacklistLines: string[];
  readonly options: ConfText[];
  readonly install: ConfText[];
  readonly remove: ConfText[];
  readonly softdeps: ConfSoftdep[];
  /** `modprobe.d line 3: ignoring bad line starting with 'alais'` */
  readonly problems: string[];
  /** What libkmod prints of them, and the line of its source that does (Debian's kmod 30). */
  readonly complaints: { readonly place: number; readonly text: string }[];
}

export function emptyConf(): ModprobeConf {
  return {
    aliases: [],
    blacklist: new Set(),
    blacklistLines: [],
    options: [],
    install: [],
    remove: [],
    softdeps: [],
    problems: [],
    complaints: [],
  };
}

/** Adds the directives of one text to `conf`; `file` names it in problems. */
export function parseModprobeConf(conf: ModprobeConf, text: string, file: string): void {
  for (const { line, number } of logicalLines(text)) {
    const { word: command, rest } = takeWord(line);
    if (command === '' || line.startsWith('#')) continue;
    if (command === 'include' || command === 'config') {
      complain(conf, 708, `${file}: command ${command} is deprecated and not parsed anymore`);
    } else if (!parseDirective(conf, command, rest)) {
      complain(conf, 712, `${file} line ${number}: ignoring bad line starting with '${command}'`);
    }
  }
}

function complain(conf: ModprobeConf, place: number, text: string): void {
  conf.problems.push(text);
  conf.complaints.push({ place, text });
}

/** What the kernel's command line adds, behind all files. */
export function addCommandLine(conf: ModprobeConf, facts: CommandLineFacts): void {
  for (const name of facts.blacklist) addBlacklist(conf, name);
  for (const { module, text } of facts.options) conf.options.push({ module, text });
}

function addBlacklist(conf: ModprobeConf, name: string): void {
  conf.blacklist.add(name);
  conf.blacklistLines.push(name);
}

/** freadline_wrapped(): a backslash joins lines; elsewhere it vanishes. */
function* logicalLines(text: string): Generator<{ line: string; number: number }> {
  let line = '';
  let number = 0;
  let newlines = 0;
  let pending = false;
  for (let i = 0; i < text.length; i += 1) {
    let char = text[i]!;
    if (char === '\\') {
      i += 1;
      if (i >= text.length) break;
      char = text[i]!;
      if (char === '\n') {
        newlines += 1;
        continue;
      }
    } else if (char === '\n') {
      number += newlines + 1;
      yield { line, number };
      line = '';
      newlines = 0;
      pending = false;
      continue;
    }
    line += char;
    pending = true;
  }
  if (pending) yield { line, number: number + newlines + 1 };
}

/** strtok() on blanks and tabs. */
function takeWord(text: string): { word: string; rest: string } {
  const found = /^[ \t]*([^ \t]*)[ \t]?(.*)$/s.exec(text)!;
  return { word: found[1]!, rest: found[2]! };
}

/** A name with underscores; undefined when it is absent or has an unbalanced bracket. */
function takeName(text: string): { name: string | undefined; rest: string } {
  const { word, rest } = takeWord(text);
  return { name: word === '' ? undefined : normalizeAlias(word), rest };
}

function parseDirective(conf: ModprobeConf, command: string, args: string): boolean {
  const { name, rest } = takeName(args);
  if (name === undefined) return false;
  switch (command) {
    case 'alias': {
      const { name: module } = takeName(rest);
      if (module === undefined) return false;
      conf.aliases.push({ pattern: name, module });
      return true;
    }
    case 'blacklist':
      addBlacklist(conf, name);
      return true;
    case 'options':
      return addText(conf.options, name, rest.replaceAll('\t', ' '));
    case 'install':
      return addText(conf.install, name, rest);
    case 'remove':
      return addText(conf.remove, name, rest);
    case 'softdep':
      if (rest === '') return false;
      conf.softdeps.push({ module: name, ...parseSoftdep(rest) });
      return true;
    default:
      return false;
  }
}

function addText(list: ConfText[], module: string, text: string): boolean {
  if (text === '') return false;
  list.push({ module, text });
  return true;
}

/** kmod_config_add_softdep(): names before any `pre:` or `post:` count for nothing. */
function parseSoftdep(text: string): { pre: string[]; post: string[] } {
  const lists = { pre: [] as string[], post: [] as string[] };
  let list: string[] | undefined;
  for (const word of text.split(/[ \t\n\v\f\r]+/)) {
    if (word === 'pre:') list = lists.pre;
    else if (word === 'post:') list = lists.post;
    else if (word !== '') list?.push(word);
  }
  return lists;
}
