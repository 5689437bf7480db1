/**
 * What a module index is made of: the files of depmod where a source has them, the modules
 * themselves where it has not.
 */
import { decompressModule } from '../decompress/index.ts';
import type { ModuleFile, ModuleMetadata } from '../module/index.ts';
import { depmod } from './depmod.ts';
import { type DepLine, parseAlias, parseDep } from './depmod-text.ts';
import { type ModuleScan, scanModule } from './module-scan.ts';
import { hasModuleExtension, pathToModuleName } from './normalize.ts';

/** A ModuleSource, with two more files of depmod that it may have. */
export interface IndexSource {
  readonly files: readonly ModuleFile[];
  readonly metadata: ModuleMetadata & {
    /** modules.order: without it modules are numbered as depmod then numbers them. */
    readonly order?: string;
    /** modules.builtin.modinfo: aliases of what is built in. */
    readonly builtinModinfo?: string;
    /** /proc/cmdline, which libkmod reads too. */
    readonly commandLine?: string;
  };
}

/** Everything depmod found out, in its order. */
export interface IndexFacts {
  readonly modules: readonly DepLine[];
  readonly aliases: readonly { readonly pattern: string; readonly module: string }[];
  /** `symbol:NAME` by name of the symbol. */
  readonly symbols: ReadonlyMap<string, string>;
  /** Lines of modules.softdep. */
  readonly softdep: string;
  /** Paths of files that bear a module's name and are none: depmod leaves them out. */
  readonly unreadable: readonly string[];
  /** Things left out, one sentence each. */
  readonly problems: readonly string[];
}

export type FactsResult =
  | { readonly ok: true; readonly facts: IndexFacts }
  | { readonly ok: false; readonly message: string };

interface Scanned extends ModuleScan {
  readonly path: string;
}

export function gatherFacts(source: IndexSource): FactsResult {
  const { metadata } = source;
  const unreadable: string[] = [];
  const complete =
    metadata.dep !== undefined && metadata.alias !== undefined && metadata.softdep !== undefined;
  const scanned = complete ? [] : scanAll(source.files, unreadable);
  let modules: DepLine[];
  let inOrder: Scanned[] = scanned;
  if (metadata.dep === undefined) {
    const result = depmod(scanned, metadata.order);
    if (!result.ok) return result;
    inOrder = result.modules.map(({ file }) => file);
    modules = result.modules.map(({ file, dependencies }) => ({
      path: file.path,
      dependencies: dependencies.map((dep) => dep.file.path),
    }));
  } else {
    modules = parseDep(metadata.dep);
  }
  const cycle = dependencyCycle(modules);
  if (cycle !== undefined) return { ok: false, message: `modules.dep: ${cycle}` };
  const softdepText = (scan: Scanned): string =>
    scan.softdeps.map((text) => `softdep ${pathToModuleName(scan.path)} ${text}\n`).join('');
  return {
    ok: true,
    facts: {
      modules,
      aliases:
        metadata.alias === undefined
          ? inOrder.flatMap(({ path, aliases }) =>
              aliases.map((pattern) => ({ pattern, module: pathToModuleName(path) })),
            )
          : parseAlias(metadata.alias),
      symbols: symbolOwners(metadata.symbols, inOrder),
      softdep: metadata.softdep ?? inOrder.map(softdepText).join(''),
      unreadable,
      problems: unreadable.map((path) => `${path}: expected a module, found no readable ELF file`),
    },
  };
}

function scanAll(files: readonly ModuleFile[], unreadable: string[]): Scanned[] {
  const scanned: Scanned[] = [];
  for (const file of files) {
    if (!hasModuleExtension(file.path)) continue;
    const image = decompressModule(file.read());
    const scan = image && scanModule(image);
    if (scan) scanned.push({ path: file.path, ...scan });
    else unreadable.push(file.path);
  }
  return scanned;
}

function symbolOwners(text: string | undefined, scanned: readonly Scanned[]): Map<string, string> {
  const owners = new Map<string, string>();
  if (text === undefined) {
    for (const { path, exports } of scanned) {
      const module = pathToModuleName(path);
      for (const symbol of exports) owners.set(symbol, module);
    }
    return owners;
  }
  for (const { pattern, module } of parseAlias(text)) {
    if (pattern.startsWith('symbol:')) owners.set(pattern.slice('symbol:'.length), module);
  }
  return owners;
}

/** modules.dep lists what is needed indirectly too, so a cycle shows as two that need each other. */
function dependencyCycle(modules: readonly DepLine[]): string | undefined {
  const sets = new Map(modules.map(({ path, dependencies }) => [path, new Set(dependencies)]));
  for (const { path, dependencies } of modules) {
    for (const dep of dependencies) {
      if (dep === path) return `dependency cycle: ${path} -> ${path}`;
      if (sets.get(dep)?.has(path)) return `dependency cycle: ${path} -> ${dep} -> ${path}`;
    }
  }
  return undefined;
}
