// SPDX-License-Identifier: MIT
import type { ModuleIndex, ModuleRef } from './module-index.ts';

/** One module that a probe goes through, in order. */
export interface ProbeEntry {
  readonly name: string;
  readonly builtin: boolean;
  /** Undefined for what is in no modules.dep: inserting it fails with -ENOENT. */
  readonly path: string | undefined;
  /** The module asked for, or one it needs: a failure ends the probe. Softdeps may fail. */
  readonly required: boolean;
  /** This is the module asked for itself. */
  readonly target: boolean;
  readonly blacklisted: boolean;
  /** From modprobe.d; '' for none. */
  readonly options: string;
  /** The install command that replaces inserting it. */
  readonly install: string | undefined;
}

/** A module as one libkmod context knows it; found by an alias it is another object. */
interface KmodModule {
  readonly ref: ModuleRef;
  visited: boolean;
  required: boolean;
  ignoreCommand: boolean;
}

/**
 * kmod_module_get_probe_list() (libkmod-module.c, kmod 30): dependencies first, each with its
 * softdeps around it, then the module with its own. A module may appear twice; whoever comes to it
 * again finds it loaded.
 */
export function probeList(
  index: ModuleIndex,
  target: ModuleRef,
  ignoreCommands: boolean,
): readonly ProbeEntry[] {
  return new ProbeListBuilder(index).build(target, ignoreCommands);
}

class ProbeListBuilder {
  readonly #index: ModuleIndex;
  readonly #pool = new Map<string, KmodModule>();
  readonly #list: KmodModule[] = [];

  constructor(index: ModuleIndex) {
    this.#index = index;
  }

  build(target: ModuleRef, ignoreCommands: boolean): readonly ProbeEntry[] {
    const mod = this.#get(target);
    this.#probe(mod, true, ignoreCommands);
    return this.#list.map((entry) => this.#entry(entry, entry === mod));
  }

  #get(ref: ModuleRef): KmodModule {
    const key = ref.alias === undefined ? ref.name : `${ref.name}\\${ref.alias}`;
    let mod = this.#pool.get(key);
    if (!mod) {
      mod = { ref, visited: false, required: false, ignoreCommand: false };
      this.#pool.set(key, mod);
    }
    return mod;
  }

  #probe(mod: KmodModule, required: boolean, ignoreCommand: boolean): void {
    if (mod.visited) return;
    mod.visited = true;
    const names = this.#index.module(mod.ref.name)?.dependencies ?? [];
    // A dependency comes from a path, and what has a file is not built in.
    const deps = names.map((name) => this.#get({ name, alias: undefined, builtin: false }));
    if (required) {
      mod.required = true;
      for (const dep of deps) dep.required = true;
    }
    for (const dep of deps) this.#withSoftdeps(dep);
    if (ignoreCommand) {
      this.#list.push(mod);
      mod.ignoreCommand = true;
    } else {
      this.#withSoftdeps(mod);
    }
  }

  #withSoftdeps(mod: KmodModule): void {
    const { pre, post } = this.#index.softdeps(mod.ref.name);
    for (const ref of pre) this.#probe(this.#get(ref), false, false);
    this.#list.push(mod);
    mod.ignoreCommand = pre.length > 0 || post.length > 0;
    for (const ref of post) this.#probe(this.#get(ref), false, false);
  }

  #entry({ ref, required, ignoreCommand }: KmodModule, target: boolean): ProbeEntry {
    const { name, builtin } = ref;
    return {
      name,
      builtin,
      path: this.#index.module(name)?.path,
      required,
      target,
      blacklisted: this.#index.isBlacklisted(name),
      options: this.#index.options(ref),
      install: ignoreCommand ? undefined : this.#index.installCommand(name),
    };
  }
}
