// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import type { CompressionFormat } from '../../../loader/decompress/index.ts';
import { type Coroutine, Engine, type Task, WaitQueue } from '../../../loader/engine/index.ts';
import type { EventBody } from '../../../loader/events/event.ts';
import { Inode, type OpenFile } from '../../../loader/module/index.ts';
import {
  DEFAULT_USERSPACE_COSTS,
  type UserspaceCosts,
} from '../../../loader/presets/userspace-costs.ts';
import {
  type IndexSource,
  type InitState,
  Libkmod,
  type LibkmodOptions,
  Modprobe,
  ModuleIndex,
  type UserKernel,
} from '../../../loader/userspace/index.ts';
import { pathToModuleName } from '../../../loader/userspace/normalize.ts';
import { moduleBytes, type TreeModule, treeSource } from './module-tree.ts';

export const MS = 1_000_000;
export const SECOND = 1_000 * MS;

/** How a modprobe process ended: exit code or signal, and what it said. */
export interface ModprobeResult {
  readonly code: number;
  readonly signal: number;
  readonly stderr: readonly string[];
}

export interface Syscall {
  readonly op: 'finit' | 'init' | 'delete';
  readonly name: string;
  readonly args: string;
  readonly flags: number;
  readonly task: string;
  readonly at: number;
  ret: number;
}

export interface FakeOptions extends LibkmodOptions {
  readonly cpus?: number;
  readonly modprobeConf?: string;
  /** Everything else the index is made of. */
  readonly metadata?: IndexSource['metadata'];
  readonly builtin?: string;
  readonly compression?: CompressionFormat;
  /** Modules whose files are gzip streams. */
  readonly gzip?: readonly string[];
  readonly costs?: Partial<UserspaceCosts>;
}

/**
 * A kernel that loads modules by name as Linux 6.12 does as far as user space can see: a second
 * loader waits for the first, then gets -17, or -16 when the first failed.
 */
export class FakeKernel implements UserKernel {
  readonly engine: Engine;
  readonly costs: UserspaceCosts;
  readonly compression: CompressionFormat | undefined;
  readonly events: (EventBody & { t: number })[] = [];
  readonly tracer = {
    emit: (body: EventBody) => void this.events.push({ ...body, t: this.engine.now }),
  };
  readonly calls: Syscall[] = [];
  readonly modules = new Map<string, { state: InitState; users: number }>();
  /** What loading a module gives and how long it takes; default 0 after 20 ms. */
  readonly loads = new Map<string, { ret: number; ns: number }>();
  readonly index: ModuleIndex;
  readonly libkmod: Libkmod;
  readonly modprobe: Modprobe;
  readonly #files = new Map<string, OpenFile>();
  readonly #wq: WaitQueue;

  constructor(tree: readonly TreeModule[], options: FakeOptions = {}) {
    this.engine = new Engine({ cpus: options.cpus ?? 64, seed: 1 });
    this.costs = { ...DEFAULT_USERSPACE_COSTS, ...options.costs };
    this.compression = options.compression;
    this.#wq = new WaitQueue(this.engine);
    tree.forEach((module, i) => {
      const name = pathToModuleName(module.path);
      const plain = moduleBytes(module);
      const bytes = options.gzip?.includes(name) ? new Uint8Array(gzipSync(plain)) : plain;
      const inode = new Inode(i + 1, 'file', { size: bytes.length, read: () => bytes });
      this.#files.set(module.path, { inode, readable: true });
    });
    const built = ModuleIndex.build(
      treeSource(tree, {
        order: `${tree.map(({ path }) => path).join('\n')}\n`,
        modprobeConf: options.modprobeConf ?? '',
        builtin: options.builtin ?? '',
        ...options.metadata,
      }),
    );
    if (!built.ok) throw new Error(built.message);
    this.index = built.index;
    this.libkmod = new Libkmod(this, built.index, options);
    this.modprobe = new Modprobe(this.libkmod, options.directory ?? '/lib/modules/6.12.0-test');
  }

  open(path: string): OpenFile | undefined {
    return this.#files.get(path);
  }

  *finitModule(file: OpenFile, args: string, flags: number): Coroutine<number> {
    const [path] = [...this.#files].find(([, known]) => known === file)!;
    return yield* this.#load('finit', pathToModuleName(path), args, flags);
  }

  *initModule(image: Uint8Array, args: string, path: string): Coroutine<number> {
    if (image[0] !== 0x7f) throw new Error('not an ELF image');
    return yield* this.#load('init', pathToModuleName(path), args, 0);
  }

  *#load(op: 'finit' | 'init', name: string, args: string, flags: number): Coroutine<number> {
    const call = this.#call(op, name, args, flags);
    call.ret = yield* this.#loadModule(name);
    return call.ret;
  }

  *#loadModule(name: string): Coroutine<number> {
    yield this.engine.work(100_000);
    if (this.modules.has(name)) {
      const settled = (): boolean => this.modules.get(name)?.state !== 'coming';
      const waited = yield* this.#wq.waitEvent(settled, 'interruptible');
      if (waited === 'interrupted') return -4;
      return this.modules.get(name)?.state === 'live' ? -17 : -16;
    }
    const mod = { state: 'coming' as InitState, users: 0 };
    this.modules.set(name, mod);
    const { ret, ns } = this.loads.get(name) ?? { ret: 0, ns: 20 * MS };
    yield* this.engine.sleep(ns);
    if (ret === 0) {
      mod.state = 'live';
      for (const dep of this.index.module(name)!.dependencies) this.modules.get(dep)!.users += 1;
    } else {
      this.modules.delete(name);
    }
    this.#wq.wakeAll();
    return ret;
  }

  *deleteModule(name: string, flags: number): Coroutine<number> {
    const call = this.#call('delete', name, '', flags);
    yield this.engine.work(10_000);
    const mod = this.modules.get(name);
    call.ret = !mod ? -2 : mod.users > 0 ? -11 : 0;
    if (call.ret !== 0) return call.ret;
    this.modules.delete(name);
    for (const dep of this.index.module(name)!.dependencies) this.modules.get(dep)!.users -= 1;
    return 0;
  }

  *sysfs(paths: number, own: number): Coroutine<void> {
    yield this.engine.work(paths * own);
  }

  initstate(name: string): InitState | undefined {
    return this.modules.get(name)?.state;
  }

  refcnt(name: string): number | undefined {
    return this.modules.get(name)?.users;
  }

  holders(): readonly string[] {
    return [];
  }

  #call(op: Syscall['op'], name: string, args: string, flags: number): Syscall {
    const { engine } = this;
    const call = {
      op,
      name,
      args,
      flags,
      task: engine.currentLabel,
      at: engine.now,
      ret: Number.NaN,
    };
    this.calls.push(call);
    return call;
  }

  /** Starts `modprobe ARGS`; the result is there when it has ended. */
  start(...args: string[]): { result: ModprobeResult | undefined; task: Task } {
    const run: { result: ModprobeResult | undefined; task: Task } = { result: undefined } as never;
    const { modprobe } = this;
    run.task = this.engine.spawn({ comm: 'modprobe' }, function* () {
      const stderr: string[] = [];
      const status = yield* modprobe.program(['modprobe', ...args], stderr);
      run.result = { code: status >> 8, signal: status & 127, stderr };
    });
    return run;
  }

  /** Runs `modprobe ARGS` to its end, alone. */
  run(...args: string[]): ModprobeResult {
    const run = this.start(...args);
    this.engine.runUntilQuiet();
    return run.result!;
  }

  /** Names given to finit_module and init_module, in order. */
  get loaded(): string[] {
    return this.calls.filter((call) => call.op !== 'delete').map((call) => call.name);
  }
}
