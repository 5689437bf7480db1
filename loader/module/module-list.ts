// SPDX-License-Identifier: MIT
import type { ElfExport } from '../elf/index.ts';
import {
  type Engine,
  SpinningMutex,
  type SpinningMutexOptions,
  WaitQueue,
} from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import type { Module, ModuleState } from './module.ts';

/** Where a symbol was found among the modules. */
export interface ModuleSymbol {
  readonly owner: Module;
  readonly symbol: ElfExport;
}

/**
 * The list of modules with its lock and its wait queue (kernel/module/main.c, Linux 6.12), and an
 * index of what the listed modules export.
 */
export class ModuleList {
  /** module_mutex */
  readonly mutex: SpinningMutex;
  /** module_wq: woken whenever a load ends or a module goes. */
  readonly wq: WaitQueue;
  readonly #tracer: Tracer;
  readonly #byName = new Map<string, Module>();
  readonly #exports = new Map<string, ModuleSymbol[]>();

  constructor(engine: Engine, tracer: Tracer, mutex: SpinningMutexOptions) {
    this.mutex = new SpinningMutex(engine, mutex);
    this.wq = new WaitQueue(engine);
    this.#tracer = tracer;
  }

  /** find_module_all(): any state. */
  find(name: string): Module | undefined {
    return this.#byName.get(name);
  }

  /** find_module(): unformed modules are invisible. */
  findFormed(name: string): Module | undefined {
    const mod = this.#byName.get(name);
    return mod && mod.state !== 'unformed' ? mod : undefined;
  }

  /** Newest first, as list_add_rcu leaves them. */
  *newestFirst(): Generator<Module> {
    yield* [...this.#byName.values()].reverse();
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Puts an unformed module at the head. Its name must be free. */
  add(mod: Module): void {
    if (this.#byName.has(mod.name)) throw new Error(`module ${mod.name} is listed already`);
    this.#byName.set(mod.name, mod);
    this.#tracer.emit({ kind: 'module_state', name: mod.name, state: 'unformed' });
  }

  remove(mod: Module): void {
    this.#hideExports(mod);
    this.#byName.delete(mod.name);
    this.#tracer.emit({ kind: 'module_state', name: mod.name, state: 'gone' });
  }

  setState(mod: Module, state: ModuleState): void {
    const before = mod.state;
    mod.state = state;
    if (before === 'unformed' && state !== 'unformed') this.#showExports(mod);
    if (before !== 'unformed' && state === 'unformed') this.#hideExports(mod);
    this.#tracer.emit({ kind: 'module_state', name: mod.name, state });
  }

  /** find_symbol() among modules: the newest exporter wins. GPL-only ones need `gplOk`. */
  findSymbol(name: string, gplOk: boolean): ModuleSymbol | undefined {
    const found = this.#exports.get(name);
    if (!found) return undefined;
    for (let i = found.length - 1; i >= 0; i -= 1) {
      const entry = found[i]!;
      if (gplOk || !entry.symbol.gpl) return entry;
    }
    return undefined;
  }

  #showExports(mod: Module): void {
    for (const symbol of mod.exports) {
      const entry: ModuleSymbol = { owner: mod, symbol };
      const others = this.#exports.get(symbol.name);
      if (others) others.push(entry);
      else this.#exports.set(symbol.name, [entry]);
    }
  }

  #hideExports(mod: Module): void {
    for (const symbol of mod.exports) {
      const left = this.#exports.get(symbol.name)?.filter((entry) => entry.owner !== mod);
      if (left && left.length > 0) this.#exports.set(symbol.name, left);
      else this.#exports.delete(symbol.name);
    }
  }
}
