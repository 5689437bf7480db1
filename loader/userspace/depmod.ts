// SPDX-License-Identifier: MIT
/**
 * depmod(8) without its files: which module needs which, in the order modules.dep has
 * (tools/depmod.c, kmod 30).
 */
import { hashOrder } from './kmod-hash.ts';
import { pathToModuleName, uncompressedPath } from './normalize.ts';

/** What depmod read from one module file. */
export interface DepmodFile {
  readonly path: string;
  readonly exports: readonly string[];
  readonly needs: readonly string[];
}

export interface DepmodModule<F extends DepmodFile = DepmodFile> {
  readonly name: string;
  readonly file: F;
  /** All it needs, direct or not, as modules.dep lists them: the last one is loaded first. */
  dependencies: DepmodModule<F>[];
}

export type DepmodResult<F extends DepmodFile> =
  /** In depmod's order, which is also that of alias matches. */
  | { readonly ok: true; readonly modules: readonly DepmodModule<F>[] }
  | { readonly ok: false; readonly message: string };

/** Buckets of depmod's table of modules. */
const BUCKETS = 512;

interface Mod<F extends DepmodFile> extends DepmodModule<F> {
  direct: Mod<F>[];
  users: number;
  sortIndex: number;
}

/** `order` is the text of modules.order, where there is one. */
export function depmod<F extends DepmodFile>(files: readonly F[], order?: string): DepmodResult<F> {
  const modules = sortModules(collect(files), order);
  linkSymbols(modules);
  const cycle = sortTopologically(modules);
  if (cycle) return { ok: false, message: `modules in a dependency cycle: ${cycle.join(' -> ')}` };
  for (const mod of modules) mod.dependencies = allDependencies(mod);
  return { ok: true, modules };
}

/** One module for each name; a file under `updates/` is preferred, else the first. */
function collect<F extends DepmodFile>(files: readonly F[]): Mod<F>[] {
  const byName = new Map<string, Mod<F>>();
  for (const file of files) {
    const name = pathToModuleName(file.path);
    const known = byName.get(name);
    if (known && (isUpdate(known.file.path) || !isUpdate(file.path))) continue;
    byName.set(name, { name, file, dependencies: [], direct: [], users: 0, sortIndex: 0 });
  }
  return [...byName.values()];
}

function isUpdate(path: string): boolean {
  return path.startsWith('updates/');
}

/** depmod_modules_sort(): those in modules.order by their line, then the rest. */
function sortModules<F extends DepmodFile>(modules: Mod<F>[], order: string | undefined): Mod<F>[] {
  const sorted = hashOrder(modules, (mod) => mod.name, BUCKETS);
  if (order === undefined) return sorted;
  const lines = order.split('\n');
  const lineOf = new Map(lines.map((line, i) => [line, i - lines.length]));
  const rank = (mod: Mod<F>): number => lineOf.get(uncompressedPath(mod.file.path)) ?? 1;
  return sorted
    .map((mod) => ({ mod, rank: rank(mod) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ mod }) => mod);
}

/** A symbol belongs to the last module that exports it. */
function linkSymbols<F extends DepmodFile>(modules: readonly Mod<F>[]): void {
  const owners = new Map<string, Mod<F>>();
  for (const mod of modules) {
    for (const symbol of mod.file.exports) owners.set(symbol, mod);
  }
  for (const mod of modules) {
    const direct = new Set<Mod<F>>();
    for (const symbol of mod.file.needs) {
      const owner = owners.get(symbol);
      if (!owner || direct.has(owner)) continue;
      direct.add(owner);
      owner.users += 1;
    }
    mod.direct = [...direct];
  }
}

/**
 * depmod_calculate_dependencies(): modules without users first. Returns a cycle, first module
 * repeated at the end, when not all can be sorted.
 */
function sortTopologically<F extends DepmodFile>(modules: readonly Mod<F>[]): string[] | undefined {
  const users = new Map(modules.map((mod) => [mod, mod.users]));
  const roots = modules.filter((mod) => mod.users === 0);
  let sorted = 0;
  for (let mod = roots.pop(); mod; mod = roots.pop()) {
    mod.sortIndex = sorted;
    sorted += 1;
    for (const dep of mod.direct) {
      const left = users.get(dep)! - 1;
      users.set(dep, left);
      if (left === 0) roots.push(dep);
    }
  }
  if (sorted === modules.length) {
    for (const mod of modules) mod.direct.sort((a, b) => a.sortIndex - b.sortIndex);
    return undefined;
  }
  return findCycle(modules.filter((mod) => users.get(mod)! > 0));
}

/** Follows dependencies among modules that could not be sorted until one comes round again. */
function findCycle<F extends DepmodFile>(left: readonly Mod<F>[]): string[] {
  const stuck = new Set(left);
  const seenAt = new Map<Mod<F>, number>();
  const path: Mod<F>[] = [];
  const done = new Set<Mod<F>>();
  for (const start of left) {
    let mod: Mod<F> | undefined = start;
    while (mod && !done.has(mod)) {
      const at = seenAt.get(mod);
      if (at !== undefined) return [...path.slice(at), mod].map(({ name }) => name);
      seenAt.set(mod, path.length);
      path.push(mod);
      mod = mod.direct.find((dep) => stuck.has(dep) && !done.has(dep));
      while (!mod && path.length > 0) {
        const end = path.pop()!;
        seenAt.delete(end);
        done.add(end);
        mod = path.at(-1)?.direct.find((dep) => stuck.has(dep) && !done.has(dep));
      }
    }
  }
  throw new Error('modules left over without a cycle');
}

/** mod_get_all_sorted_dependencies() */
function allDependencies<F extends DepmodFile>(mod: Mod<F>): Mod<F>[] {
  const all = new Set<Mod<F>>();
  const pending = [...mod.direct];
  for (let dep = pending.pop(); dep; dep = pending.pop()) {
    if (all.has(dep)) continue;
    all.add(dep);
    pending.push(...dep.direct);
  }
  return [...all].sort((a, b) => a.sortIndex - b.sortIndex);
}
