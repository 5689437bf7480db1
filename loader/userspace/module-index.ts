// SPDX-License-Identifier: MIT
import { aliasLoop } from './alias-loop.ts';
import { AliasTrie } from './alias-trie.ts';
import { type ConfFile, confFilesInOrder } from './conf-files.ts';
import { parseBuiltin, parseBuiltinAliases } from './depmod-text.ts';
import { fnmatch } from './fnmatch.ts';
import { gatherFacts, type IndexFacts, type IndexSource } from './index-source.ts';
import { parseKernelCommandLine } from './kernel-command-line.ts';
import {
  addCommandLine,
  type ConfText,
  emptyConf,
  type ModprobeConf,
  parseModprobeConf,
} from './modprobe-conf.ts';
import { normalizeAlias, normalizeModuleName, pathToModuleName } from './normalize.ts';

/** A module of modules.dep. */
export interface IndexedModule {
  readonly name: string;
  /** Relative to the modules directory. */
  readonly path: string;
  /** Names of all it needs, in the order libkmod loads them. */
  readonly dependencies: readonly string[];
}

/** What a name resolved to: a module, and the alias it was found by (struct kmod_module). */
export interface ModuleRef {
  readonly name: string;
  readonly alias: string | undefined;
  readonly builtin: boolean;
}

export type ModuleIndexResult =
  | { readonly ok: true; readonly index: ModuleIndex }
  /** A dependency cycle or an alias loop. */
  | { readonly ok: false; readonly message: string };

/**
 * What libkmod knows of the modules of one kernel release, before any is loaded: the indexes of
 * depmod(8) and the directives of modprobe.d(5). Resolving is pure and remembered.
 */
export class ModuleIndex {
  readonly conf: ModprobeConf;
  /** Paths of files that bear a module's name and are none. */
  readonly unreadable: readonly string[];
  /** What was left out while reading, one sentence each. */
  readonly problems: readonly string[];
  readonly #modules = new Map<string, IndexedModule>();
  readonly #aliases = new AliasTrie();
  readonly #builtin: ReadonlySet<string>;
  readonly #builtinAliases = new AliasTrie();
  readonly #symbols: ReadonlyMap<string, string>;
  readonly #resolved = new Map<string, readonly ModuleRef[]>();
  readonly #source: IndexSource;
  readonly #facts: IndexFacts;

  /** Reads a source: its files of modprobe.d in libkmod's order, the kernel's command line last. */
  static build(source: IndexSource): ModuleIndexResult {
    const gathered = gatherFacts(source);
    if (!gathered.ok) return gathered;
    const { facts } = gathered;
    const conf = readConf(source, facts.softdep);
    const index = new ModuleIndex(source, facts, conf);
    const loop = aliasLoop(
      conf.aliases,
      (name) => index.module(name) !== undefined || index.isBuiltin(name),
    );
    if (loop) return { ok: false, message: `modprobe.d: alias loop: ${loop.join(' -> ')}` };
    return { ok: true, index };
  }

  private constructor(source: IndexSource, facts: IndexFacts, conf: ModprobeConf) {
    const problems = [...facts.problems];
    this.conf = conf;
    this.#source = source;
    this.#facts = facts;
    const present = new Set(source.files.map((file) => file.path));
    const priorities = new Map<string, number>();
    for (const { path, dependencies } of facts.modules) {
      const name = pathToModuleName(path);
      priorities.set(name, priorities.size);
      const lost = dependencies.find((dep) => !present.has(dep));
      // kmod_module_parse_depline(): a file that is not there takes all dependencies with it.
      if (lost !== undefined)
        problems.push(`modules.dep: ${path} needs ${lost}, which is not there`);
      const needed = lost === undefined ? dependencies.map(pathToModuleName).reverse() : [];
      this.#modules.set(name, { name, path, dependencies: needed });
    }
    for (const { pattern, module } of facts.aliases) {
      const normalized = normalizeAlias(pattern);
      if (normalized === undefined) {
        problems.push(`modules.alias: unmatched bracket in ${pattern}`);
        continue;
      }
      const name = normalizeModuleName(module);
      if (!priorities.has(name)) priorities.set(name, priorities.size);
      this.#aliases.add({ pattern: normalized, module: name, priority: priorities.get(name)! });
    }
    this.#symbols = facts.symbols;
    this.#builtin = new Set(parseBuiltin(source.metadata.builtin ?? ''));
    for (const entry of parseBuiltinAliases(source.metadata.builtinModinfo ?? '')) {
      this.#builtinAliases.add(entry);
    }
    this.unreadable = facts.unreadable;
    this.problems = [...problems, ...conf.problems];
  }

  /**
   * What `modprobe -d`, `-S` and `-C` look at: `elsewhere` is a directory without indexes, and
   * `configPaths` replace the usual directories.
   */
  seenFrom(elsewhere: boolean, configPaths: readonly string[] | undefined): ModuleIndex {
    const facts = elsewhere ? NO_FACTS : this.#facts;
    const source = elsewhere
      ? { ...this.#source, files: [], metadata: withoutDepmod(this.#source.metadata) }
      : this.#source;
    return new ModuleIndex(source, facts, readConf(source, facts.softdep, configPaths));
  }

  /** modules.alias as its index lists it: by pattern, byte by byte. */
  get aliasLines(): readonly { readonly pattern: string; readonly module: string }[] {
    return this.#facts.aliases
      .flatMap(({ pattern, module }) => {
        const key = normalizeAlias(pattern);
        return key === undefined ? [] : [{ pattern: key, module }];
      })
      .sort((a, b) => (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : 0));
  }

  /** Exported symbols and who has them, by name. */
  get symbolLines(): readonly { readonly symbol: string; readonly module: string }[] {
    return [...this.#symbols]
      .map(([symbol, module]) => ({ symbol, module }))
      .sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
  }

  /** The module of that exact, normalised name. */
  module(name: string): IndexedModule | undefined {
    return this.#modules.get(name);
  }

  get modules(): IterableIterator<IndexedModule> {
    return this.#modules.values();
  }

  get aliasCount(): number {
    return this.#aliases.size;
  }

  isBuiltin(name: string): boolean {
    return this.#builtin.has(name);
  }

  isBlacklisted(name: string): boolean {
    return this.conf.blacklist.has(name);
  }

  /** kmod_module_get_options(): all that were given for its name or its alias. */
  options({ name, alias }: ModuleRef): string {
    return this.conf.options
      .filter(({ module, text }) => (module === name || module === alias) && text !== '')
      .map(({ text }) => text)
      .join(' ');
  }

  /** The first command whose pattern matches the name. */
  installCommand(name: string): string | undefined {
    return command(this.conf.install, name);
  }

  removeCommand(name: string): string | undefined {
    return command(this.conf.remove, name);
  }

  /** kmod_module_get_softdeps(): of several lines only the first that matches counts. */
  softdeps(name: string): {
    readonly pre: readonly ModuleRef[];
    readonly post: readonly ModuleRef[];
  } {
    const found = this.conf.softdeps.find(({ module }) => fnmatch(module, name));
    return {
      pre: (found?.pre ?? []).flatMap((dep) => this.lookup(dep)),
      post: (found?.post ?? []).flatMap((dep) => this.lookup(dep)),
    };
  }

  /**
   * kmod_module_new_from_lookup(): the modules a name or alias stands for, in the order they are
   * tried. Empty when there are none.
   */
  lookup(name: string): readonly ModuleRef[] {
    let refs = this.#resolved.get(name);
    if (!refs) {
      const alias = normalizeAlias(name);
      refs = alias === undefined ? [] : this.#resolve(alias);
      this.#resolved.set(name, refs);
    }
    return refs;
  }

  /** The first of libkmod's seven places that knows the name answers. */
  #resolve(alias: string): readonly ModuleRef[] {
    const fromConf = this.conf.aliases.filter(({ pattern }) => fnmatch(pattern, alias));
    if (fromConf.length > 0) return fromConf.map((entry) => this.#ref(entry.module, entry.pattern));
    if (this.#modules.has(alias)) return [this.#ref(alias)];
    if (alias.startsWith('symbol:')) {
      const owner = this.#symbols.get(alias.slice('symbol:'.length));
      if (owner !== undefined) return [this.#ref(owner, alias)];
    }
    const commands = [...this.conf.install, ...this.conf.remove];
    if (commands.some(({ module }) => module === alias))
      return [this.#ref(normalizeModuleName(alias))];
    const found = this.#aliases.search(alias);
    if (found.length > 0) return found.map(({ module }) => this.#ref(module, alias));
    if (this.#builtin.has(alias)) return [{ name: alias, alias: undefined, builtin: true }];
    return this.#builtinAliases
      .search(alias)
      .map(({ module }) => ({ name: module, alias, builtin: true }));
  }

  #ref(name: string, alias?: string): ModuleRef {
    return { name, alias, builtin: this.#builtin.has(name) };
  }
}

function command(list: readonly ConfText[], name: string): string | undefined {
  return list.find(({ module }) => fnmatch(module, name))?.text;
}

const NO_FACTS: IndexFacts = {
  modules: [],
  aliases: [],
  symbols: new Map(),
  softdep: '',
  unreadable: [],
  problems: [],
};

function withoutDepmod({
  modprobeConf,
  modprobeFiles,
  commandLine,
}: IndexSource['metadata']): IndexSource['metadata'] {
  return {
    ...(modprobeConf === undefined ? {} : { modprobeConf }),
    ...(modprobeFiles === undefined ? {} : { modprobeFiles }),
    ...(commandLine === undefined ? {} : { commandLine }),
  };
}

/**
 * kmod_config_new(). Directives that have no file of their own stand behind all files, but before
 * modules.softdep where no file comes after that.
 */
function readConf(
  { metadata }: IndexSource,
  softdepText: string,
  configPaths?: readonly string[],
): ModprobeConf {
  const conf = emptyConf();
  const softdep: ConfFile = { path: 'modules.softdep', text: softdepText };
  const files = confFilesInOrder(metadata.modprobeFiles ?? [], softdep, configPaths);
  const loose = configPaths === undefined ? (metadata.modprobeConf ?? '') : '';
  const last = files.at(-1) === softdep;
  for (const file of files) {
    if (last && file === softdep) parseModprobeConf(conf, loose, 'modprobe.d');
    parseModprobeConf(conf, file.text, file.path);
  }
  if (!last) parseModprobeConf(conf, loose, 'modprobe.d');
  addCommandLine(conf, parseKernelCommandLine(metadata.commandLine ?? ''));
  return conf;
}
