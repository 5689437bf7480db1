// SPDX-License-Identifier: MIT
import { type Bytes, ERRNO, type Nanos } from '../base/index.ts';
import type { Coroutine, Policy, Signal } from '../engine/index.ts';
import {
  DupsTrace,
  type ExecTarget,
  ModprobePath,
  RequestModule,
  UsermodeHelper,
} from '../kmod/index.ts';
import {
  deleteModule,
  finitModule,
  initModule,
  type ModuleContext,
  type ModuleMetadata,
  type ModuleSource,
  type SystemCalls,
} from '../module/index.ts';
import type { UserspaceCosts } from '../presets/index.ts';
import type { GuestTree } from '../vfs/index.ts';
import { defaultChildrenMax } from './children-max.ts';
import type { IndexSource } from './index-source.ts';
import { Libkmod } from './libkmod.ts';
import { Modprobe } from './modprobe.ts';
import { ModuleIndex } from './module-index.ts';
import { UdevManager } from './udev-manager.ts';
import type { UserKernel } from './user-kernel.ts';

/** A program of the guest that is not modprobe: it takes its time and ends. */
export interface PlainProgram {
  readonly exit: number;
  readonly duration: Nanos;
  /** Runs modprobe's work, too, before it ends. */
  readonly modprobe: boolean;
  /** Its file has this format, which no handler takes. */
  readonly binfmt?: string;
}

export interface UserlandOptions {
  readonly costs: UserspaceCosts;
  /** Most udev workers at a time; by default what systemd computes from CPUs and memory. */
  readonly childrenMax?: number;
  /** RAM that systemd sees. */
  readonly ram: Bytes;
  /** Programs by absolute path. */
  readonly programs: ReadonlyMap<string, PlainProgram>;
  /** The LSM hook kernel_module_request: names it refuses, with the errno. */
  readonly security?: (name: string) => number;
}

/** Where modprobe is found; the kernel's default path is the first. */
const MODPROBE_PATHS: ReadonlySet<string> = new Set([
  '/sbin/modprobe',
  '/usr/sbin/modprobe',
  '/bin/kmod',
  '/usr/bin/kmod',
]);

/** What user space sees of the kernel beneath it. */
export interface KernelBelow {
  readonly ctx: ModuleContext;
  readonly calls: SystemCalls;
  readonly tree: GuestTree;
  /** One of the kernel's own files has this path. */
  readonly hasFile: (path: string) => boolean;
  readonly callerPolicy: () => Policy;
  /** The modules as depmod sees them; made when first asked for. */
  readonly index: () => ModuleIndex;
}

/** What runs above the kernel, and the kernel's way to ask it for modules. */
export class Userland {
  readonly requestModule: RequestModule;
  readonly #helper: UsermodeHelper;
  readonly path = new ModprobePath();
  readonly dupsTrace = new DupsTrace();
  readonly #kernel: KernelBelow;
  readonly #options: UserlandOptions;
  #libkmod: Libkmod | undefined;
  #udev: UdevManager | undefined;

  constructor(kernel: KernelBelow, options: UserlandOptions) {
    this.#kernel = kernel;
    this.#options = options;
    const { engine, log, tracer, rcu, features, costs, taint } = kernel.ctx;
    this.#helper = new UsermodeHelper({
      engine,
      tracer,
      costs: options.costs,
      workerNs: costs.worker_ns,
      execTarget: (path) => this.#execTarget(path),
      requestFormat: (name) =>
        this.requestModule.request({ name, wait: true, callSite: 'bprm_execve' }),
    });
    this.requestModule = new RequestModule({
      engine,
      log,
      tracer,
      rcu,
      features,
      wordBits: kernel.ctx.space.preset.wordBits,
      workerNs: costs.worker_ns,
      helper: this.#helper,
      path: this.path,
      dupsTrace: this.dupsTrace,
      taint,
      ...(options.security ? { security: options.security } : {}),
    });
  }

  /** Sends a signal to every program of that name that the kernel has started and that runs. */
  signalHelpers(comm: string, signal: Signal): void {
    const { engine } = this.#kernel.ctx;
    for (const task of [...this.#helper.running]) {
      if (task.comm === comm) engine.signal(task, signal);
    }
  }

  /** libkmod over the modules of this machine; reads its indexes when first asked. */
  get libkmod(): Libkmod {
    const directory = this.#kernel.tree.root;
    this.#libkmod ??= new Libkmod(userKernel(this.#kernel, this.#options.costs), this.index, {
      directory,
    });
    return this.#libkmod;
  }

  get index(): ModuleIndex {
    return this.#kernel.index();
  }

  get modprobe(): Modprobe {
    return new Modprobe(this.libkmod, this.#kernel.tree.root);
  }

  get udev(): UdevManager {
    this.#udev ??= new UdevManager(this.libkmod, {
      childrenMax:
        this.#options.childrenMax ??
        defaultChildrenMax(this.#kernel.ctx.engine.cpus.length, this.#options.ram),
    });
    return this.#udev;
  }

  #execTarget(path: string): ExecTarget {
    const plain = this.#options.programs.get(path);
    const { tree, hasFile, ctx, callerPolicy } = this.#kernel;
    if (plain?.binfmt !== undefined) return { format: plain.binfmt };
    if (plain || MODPROBE_PATHS.has(path)) {
      const { modprobe } = this;
      return (argv) => {
        ctx.engine.current!.policy = callerPolicy();
        return plain ? this.#runPlain(plain, argv) : modprobe.program(argv);
      };
    }
    const there = tree.open(path).ok || hasFile(tree.absolute(path));
    return { errno: there ? ERRNO.EACCES : ERRNO.ENOENT };
  }

  *#runPlain(program: PlainProgram, argv: readonly string[]): Coroutine<number> {
    if (program.duration > 0) yield* this.#kernel.ctx.engine.sleep(program.duration, 'killable');
    if (!program.modprobe) return program.exit * 256;
    const status = yield* this.modprobe.program(argv);
    return status === 0 ? program.exit * 256 : status;
  }
}

/** What configures modprobe besides the files of a source. */
export interface ModprobeSettings {
  /** Directives behind those of all files. */
  readonly conf?: string;
  /** Files of modprobe.d by absolute path; they replace those of a source. */
  readonly files?: Readonly<Record<string, string>>;
  /** /proc/cmdline */
  readonly commandLine?: string;
}

/** The modules of a source as depmod sees them, or why they cannot be indexed. */
export function buildModuleIndex(
  source: ModuleSource,
  settings: ModprobeSettings = {},
): ModuleIndex {
  const { conf = '', files = {}, commandLine = '' } = settings;
  const plain = conf === '' && commandLine === '' && Object.keys(files).length === 0;
  const built = ModuleIndex.build(plain ? source : configured(source, conf, files, commandLine));
  if (!built.ok) throw new ModuleIndexError(built.message);
  return built.index;
}

export class ModuleIndexError extends Error {}

/** Read now and by name: a source may make its texts when they are asked for. */
function configured(
  source: ModuleSource,
  conf: string,
  files: Readonly<Record<string, string>>,
  commandLine: string,
): IndexSource {
  const given = source.metadata as ModuleMetadata & Readonly<Record<string, unknown>>;
  const names = ['dep', 'alias', 'softdep', 'builtin', 'symbols', 'order', 'builtinModinfo'];
  const texts = names.flatMap((name) => {
    const text = given[name];
    return text === undefined ? [] : [[name, text] as const];
  });
  const own = (given.modprobeFiles ?? []).filter(({ path }) => files[path] === undefined);
  const added = Object.entries(files).map(([path, text]) => ({ path, text }));
  return {
    files: source.files,
    metadata: {
      ...Object.fromEntries(texts),
      modprobeConf: `${given.modprobeConf ?? ''}${conf}`,
      modprobeFiles: [...own, ...added],
      commandLine,
    },
  };
}

function userKernel(kernel: KernelBelow, costs: UserspaceCosts): UserKernel {
  const { ctx, calls } = kernel;
  const { engine } = ctx;
  const { compression } = ctx.features;
  return {
    engine,
    tracer: ctx.tracer,
    costs,
    compression: compression === 'none' ? undefined : compression,
    sysfs: (paths, own) => ctx.shared.sysfs(paths, own),
    open: (path) => {
      const opened = kernel.tree.open(path);
      return opened.ok ? { inode: opened.inode, path, readable: true } : undefined;
    },
    finitModule: (file, args, flags) =>
      calls.run('finit_module', file.path ?? '', (call) =>
        finitModule(ctx, call, file, args, flags),
      ),
    initModule: (bytes, args, path) =>
      calls.run('init_module', path, (call) =>
        initModule(ctx, call, { bytes, len: bytes.length, fault: false }, args),
      ),
    deleteModule: (name, flags) =>
      calls.run('delete_module', name, (call) => deleteModule(ctx, call, name, flags)),
    initstate: (name) => {
      const mod = ctx.modules.findFormed(name);
      return mod && mod.state !== 'unformed' ? mod.state : undefined;
    },
    refcnt: (name) => ctx.modules.findFormed(name)?.users,
    holders: (name) => ctx.modules.findFormed(name)?.sources.map((mod) => mod.name) ?? [],
  };
}
