// SPDX-License-Identifier: MIT
import type { Bytes, PageCount } from './base/index.ts';
import type { ElfKernel } from './elf/index.ts';
import {
  type Coroutine,
  Engine,
  KernelLog,
  type LogLine,
  type Policy,
  Rcu,
  Work,
} from './engine/index.ts';
import { EventLog } from './events/index.ts';
import { TestKmodDevice } from './kernel-tests/index.ts';
import {
  AsyncWorks,
  IdempotentTable,
  ImageCache,
  type InitBehaviours,
  InitFreeWork,
  type InitRequest,
  InitScript,
  KernelTaint,
  type ModuleContext,
  ModuleList,
  type ModuleSource,
  mutexOptions,
  PurgeLock,
  SharedHardware,
  SystemCalls,
} from './module/index.ts';
import {
  type AddressSpacePreset,
  type KernelFeatures,
  type KernelIdentity,
  type MachineCosts,
  percpuBootOf,
} from './presets/index.ts';
import { ModuleStats } from './stats/index.ts';
import { type ModuleIndex, Userland, type UserlandOptions } from './userspace/index.ts';
import { GuestTree, plainFile, VirtualFiles } from './vfs/index.ts';
import { PercpuAllocator, type PercpuOptions, VmallocSpace } from './vmalloc/index.ts';

/** In bytes for each CPU. */
export interface PercpuRoom {
  /** For the static data of modules alone; 0: they share what is there for all. */
  readonly reserved?: Bytes | undefined;
  /** Free for all in the first chunk. */
  readonly free?: Bytes | undefined;
}

export interface SimKernelOptions {
  readonly features: KernelFeatures;
  readonly identity: KernelIdentity;
  readonly space: AddressSpacePreset;
  readonly cpus: number;
  /** Sockets, each with memory of its own; default 1. */
  readonly sockets?: number;
  readonly costs: MachineCosts;
  readonly seed: number;
  readonly source: ModuleSource;
  /** What module inits do, by module name. */
  readonly init: InitBehaviours;
  /** /proc/vmallocinfo of a real box: what the address space holds before anything is asked. */
  readonly initialVmallocinfo?: string;
  /** RAM in pages; a larger vmalloc fails at once. */
  readonly ramPages?: PageCount;
  /** Room for per-CPU data after the boot; by default what the architecture has. */
  readonly percpu?: PercpuRoom;
  /** The modules as depmod sees them; made when first asked for. */
  readonly moduleIndex: () => ModuleIndex;
  readonly userland: UserlandOptions;
  /** /proc/cmdline, without its newline; default empty. */
  readonly commandLine?: string;
  /** CAP_SYS_MODULE of the callers; default true. */
  readonly privileged?: boolean;
}

/** A problem in the scenario that only shows when the kernel is put together. */
export class KernelSetupError extends Error {}

/** What the module files of a machine are made for. */
export const ELF_ARCH = {
  i386: 'i386',
  'x86-64': 'x86_64',
  arm32: 'arm',
  arm64: 'arm64',
} as const satisfies Record<AddressSpacePreset['arch'], ElfKernel['arch']>;

/**
 * One simulated kernel: the engine, the address space, the loader, its counters and its files,
 * put together from a set of features and a machine. The only place that knows all rooms.
 */
export class SimKernel {
  readonly engine: Engine;
  readonly events: EventLog;
  readonly log: KernelLog;
  readonly space: VmallocSpace;
  readonly ctx: ModuleContext;
  readonly tree: GuestTree;
  readonly files: VirtualFiles;
  readonly calls: SystemCalls;
  readonly userland: Userland;
  readonly options: SimKernelOptions;
  #percpu: PercpuAllocator | undefined;
  /** /proc/sys/kernel/modules_disabled: once 1, for good. */
  modulesDisabled = false;
  /** Of the tasks that make calls, and of modprobe and what stands in for it. */
  callerPolicy: Policy = 'normal';

  constructor(options: SimKernelOptions) {
    this.options = options;
    const { features, costs } = options;
    const engine = new Engine({ cpus: options.cpus, seed: options.seed, firstPid: 100 });
    this.engine = engine;
    this.events = new EventLog(engine);
    this.calls = new SystemCalls(engine, this.events);
    this.log = new KernelLog(() => engine.now, this.events);
    const rcu = new Rcu(engine, costs.rcu_grace_period_ns);
    const purges = new PurgeLock(engine, costs);
    const drain = new Work(
      engine,
      'kworker/0:0',
      function* () {
        yield* purges.spend();
        space.drainVmapAreaWork();
      },
      { preempts: true },
    );
    const space = new VmallocSpace(
      options.space,
      {
        trace: this.events,
        log: this.log,
        onlineCpus: () => engine.onlineCpus,
        comm: () => engine.current?.comm ?? 'swapper/0',
        scheduleDrain: () => drain.queue(costs.worker_ns),
        cpu: () => engine.currentCpu,
        now: () => engine.now,
      },
      {
        vaFailureMessage: features.va_failure_message,
        moduleAllocator: features.module_memory_failure === 'quiet' ? 'execmem' : 'module_alloc',
        lazyAreas: features.lazy_areas,
        failedSearch: features.failed_search,
        execmemLimit: features.execmem_limit,
        possibleCpus: options.cpus,
        ...(options.ramPages === undefined ? {} : { totalRamPages: options.ramPages }),
      },
    );
    this.space = space;
    if (options.initialVmallocinfo !== undefined) {
      const seeded = space.seedFromVmallocinfo(options.initialVmallocinfo);
      if (!seeded.ok) throw new KernelSetupError(seeded.message);
    }
    const inits = new InitScript(options.init);
    this.ctx = {
      engine,
      log: this.log,
      tracer: this.events,
      rcu,
      space,
      percpu: () => this.percpu,
      purges,
      shared: new SharedHardware(engine, costs, options.sockets ?? 1),
      stats: new ModuleStats(options.space.wordBits, this.events),
      features,
      identity: options.identity,
      costs,
      images: new ImageCache(elfKernel(options)),
      modules: new ModuleList(engine, this.events, mutexOptions(costs)),
      gate: new IdempotentTable(
        engine,
        this.events,
        features.idempotent === 'interruptible' ? 'interruptible' : 'uninterruptible',
      ),
      initFree: new InitFreeWork(engine, rcu, space, purges, costs),
      taint: new KernelTaint(this.log),
      permitted: () => (options.privileged ?? true) && !this.modulesDisabled,
      initBehaviour: (module) => inits.next(module),
      initRequest: (module, request, fromAsync) => this.#initRequest(module, request, fromAsync),
      asyncWorks: new AsyncWorks(engine),
      initWatchers: [],
      initPrograms: new Map(),
    };
    this.tree = new GuestTree(options.identity.release, options.source);
    this.userland = new Userland(
      {
        ctx: this.ctx,
        calls: this.calls,
        tree: this.tree,
        hasFile: (path) => this.files.get(path) !== undefined,
        callerPolicy: () => this.callerPolicy,
        index: options.moduleIndex,
      },
      options.userland,
    );
    const { path, dupsTrace, requestModule } = this.userland;
    this.files = new VirtualFiles(this.ctx, {
      kmsg: () => this.log.kmsg(),
      commandLine: options.commandLine ?? '',
      modprobePath: plainFile(path),
      dupsTrace: plainFile(dupsTrace),
      modulesDisabled: plainFile({
        read: () => `${this.modulesDisabled ? 1 : 0}\n`,
        write: (text) => this.#disableModules(text),
      }),
    });
    const testKmod = new TestKmodDevice(
      this.ctx,
      requestModule,
      options.moduleIndex,
      options.userland.costs.helper_fork_ns,
    );
    this.files.provide((file) => testKmod.file(file));
  }

  /** alloc_percpu() of this kernel; its balance work goes before the task that woke it. */
  get percpu(): PercpuAllocator {
    if (this.#percpu === undefined) {
      const { engine, log, space, options } = this;
      const percpu = new PercpuAllocator(space, {
        cpus: options.cpus,
        log,
        scheduleBalance: () => balance.queue(options.costs.worker_ns),
        ...firstChunks(options),
      });
      const balance = new Work(
        engine,
        'kworker/0:0',
        // biome-ignore lint/correctness/useYield: a work is a coroutine, this one takes no time
        function* () {
          percpu.balanceWork();
        },
        { preempts: true },
      );
      this.#percpu = percpu;
    }
    return this.#percpu;
  }

  /** Calls `listener` with each kernel log line and the request it was printed for. */
  onLog(listener: (line: LogLine, request: number) => void): () => void {
    return this.calls.onLog(this.log, listener);
  }

  /** What a module's init asks of user space, as the current task. */
  #initRequest(module: string, request: InitRequest, fromAsync: boolean): Coroutine<number> {
    if ('name' in request) {
      const { name, wait } = request;
      const callSite = `${module}_init [${module}]`;
      return this.calls.run('request_module', name, () =>
        this.userland.requestModule.request({ name, wait, callSite, fromAsync }),
      );
    }
    const { modalias } = request;
    return this.calls.run('uevent', modalias, ({ request: number }) => {
      const devpath = `/devices/${module}/${number}`;
      return this.userland.udev.emit({ action: 'add', devpath, modalias });
    });
  }

  /** modules_disabled goes from 0 to 1 and never back (kernel/module/main.c). */
  #disableModules(text: string): number {
    const value = text.trim();
    if (value === '1') this.modulesDisabled = true;
    else if (value !== '0' || this.modulesDisabled) return -22;
    return 0;
  }
}

/** The parts of the first per-CPU chunk, as far as there is room in them. */
function firstChunks({ space, percpu }: SimKernelOptions): Partial<PercpuOptions> {
  const { reserved, dynamic } = percpuBootOf(space.arch);
  const forModules = percpu?.reserved ?? reserved;
  const first = percpu?.free === undefined ? dynamic : { start: 0, size: percpu.free, used: 0 };
  return {
    ...(forModules === 0 ? {} : { reserved: { start: 0, size: forModules, used: 0 } }),
    ...(first.size === 0 ? {} : { first }),
  };
}

function elfKernel(options: SimKernelOptions): ElfKernel {
  const { features, identity, space } = options;
  return {
    arch: ELF_ARCH[space.arch],
    wordBits: space.wordBits,
    structModuleSize: identity.structModuleSize,
    modversions: identity.modversions,
    kallsyms: features.kallsyms,
    kallsymsAll: features.kallsyms_all,
    moduleUnload: features.module_unload,
    smp: features.smp,
    livepatch: features.livepatch,
    strictModuleRwx: features.strict_module_rwx,
    sectionNameCheck: features.section_name_check,
    thisModuleCheck: features.this_module_check,
    symbolIndexCheck: features.symbol_index_check,
    stringTableTypes: features.string_table_types,
    strtabCheck: features.strtab_check,
    percpuRelocations: features.percpu_relocations,
    roAfterInit: features.ro_after_init,
  };
}
