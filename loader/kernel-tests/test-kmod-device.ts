// SPDX-License-Identifier: MIT
import { ERRNO, type Nanos, pagesFor, type VirtAddr } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import { type FileSystemTable, FileSystemTypes, type RequestModule } from '../kmod/index.ts';
import {
  type Module,
  type ModuleContext,
  modulePut,
  tryModuleGet,
  vfreeInTime,
} from '../module/index.ts';
import type { ModuleIndex } from '../userspace/index.ts';
import type { VirtualFile } from '../vfs/index.ts';
import { GFP } from '../vmalloc/index.ts';
import { TestKmod, type ThreadRecords } from './test-kmod.ts';
import { type TestKmodAttribute, testKmodAttribute } from './test-kmod-attributes.ts';

const NAME = 'test_kmod';
/** sizeof(struct kmod_test_device_info), lib/test_kmod.c, Linux 6.12 */
const RECORD_BYTES = { 32: 24, 64: 48 } as const;

/**
 * The self-tests' device of one kernel: there while the module test_kmod is live.
 * Model: where no file of the machine's modules is it, it is there from the start.
 */
export class TestKmodDevice {
  readonly #ctx: ModuleContext;
  readonly #requestModule: RequestModule;
  readonly #index: () => ModuleIndex;
  readonly #threadNs: Nanos;
  #device: TestKmod | undefined;
  #module: Module | undefined;

  /** `threadNs`: starting one kernel thread. */
  constructor(
    ctx: ModuleContext,
    requestModule: RequestModule,
    index: () => ModuleIndex,
    threadNs: Nanos,
  ) {
    this.#ctx = ctx;
    this.#requestModule = requestModule;
    this.#index = index;
    this.#threadNs = threadNs;
  }

  /** The file of the device that `path` names, while the device is there. */
  file(path: string): VirtualFile | undefined {
    const name = testKmodAttribute(path);
    const device = name === undefined ? undefined : this.#open();
    return name === undefined || device === undefined ? undefined : attributeFile(device, name);
  }

  #open(): TestKmod | undefined {
    const ctx = this.#ctx;
    const announced = this.#index().module(NAME) !== undefined;
    const mod = ctx.modules.findFormed(NAME);
    if (announced && mod?.state !== 'live') return undefined;
    if (this.#device && this.#module === mod) return this.#device;
    this.#module = mod;
    this.#device = new TestKmod({
      engine: ctx.engine,
      log: ctx.log,
      requestModule: this.#requestModule,
      fileSystems: new FileSystemTypes(this.#fileSystems(), this.#requestModule, ctx.log),
      records: new RecordsArea(ctx, mod),
      threadNs: this.#threadNs,
      announced,
      startFs: ctx.features.test_kmod_fs === 'none' ? 'EMPTY' : 'xfs',
    });
    return this.#device;
  }

  /** Model: a file system is registered while the module with the alias `fs-NAME` is live. */
  #fileSystems(): FileSystemTable {
    const ctx = this.#ctx;
    return {
      find: (name) => {
        const owner = this.#index().lookup(`fs-${name}`)[0];
        const mod = owner && ctx.modules.findFormed(owner.name);
        if (mod?.state !== 'live') return undefined;
        return {
          name,
          hasSubtype: name === 'fuse',
          tryModuleGet: (callSite) => tryModuleGet(ctx, mod, callSite),
          modulePut: (callSite) => modulePut(ctx, mod, callSite),
        };
      },
    };
  }
}

/** One file of the device. `config` can only be read, the triggers can only be written. */
function attributeFile(device: TestKmod, name: TestKmodAttribute | 'config'): VirtualFile {
  return {
    *read() {
      if (name === 'trigger_config' || name === 'reset') return -ERRNO.EACCES;
      return yield* device.read(name);
    },
    *write(text) {
      return name === 'config' ? -ERRNO.EACCES : yield* device.write(name, text);
    },
  };
}

/**
 * The threads' records in vmalloc memory. Those the module's init took, after the device itself, are
 * freed by the first change; what is there at its exit goes with the rest that it kept.
 */
class RecordsArea implements ThreadRecords {
  readonly #ctx: ModuleContext;
  readonly #module: Module | undefined;
  #area: VirtAddr | undefined;

  constructor(ctx: ModuleContext, mod: Module | undefined) {
    this.#ctx = ctx;
    this.#module = mod;
    this.#area = mod?.kept[1];
  }

  *sync(threads: number, caller: string): Coroutine<boolean> {
    const ctx = this.#ctx;
    const mod = this.#module;
    const old = this.#area;
    if (old !== undefined) {
      this.#area = undefined;
      if (mod) mod.kept = mod.kept.filter((base) => base !== old);
      yield* vfreeInTime(ctx, old);
    }
    const bytes = this.#bytes(threads);
    // __vmalloc_node_range() warns of a size of nothing, once, and has no memory for it.
    if (bytes === 0) return false;
    const area = ctx.space.vmalloc({
      bytes,
      gfp: GFP.GFP_KERNEL | GFP.__GFP_ZERO,
      caller,
      purpose: 'other',
      module: NAME,
      request: ctx.engine.current?.request ?? 0,
    });
    if (!area) return false;
    this.#area = area.addr;
    mod?.kept.push(area.addr);
    const { vmap_area_ns, vmalloc_page_ns } = ctx.costs;
    yield ctx.engine.work(vmap_area_ns + pagesFor(bytes) * vmalloc_page_ns);
    return true;
  }

  /** array_size(): SIZE_MAX when the product does not fit. */
  #bytes(threads: number): number {
    const { wordBits } = this.#ctx.space.preset;
    const bytes = threads * RECORD_BYTES[wordBits];
    return wordBits === 32 ? Math.min(bytes, 0xffff_ffff) : bytes;
  }
}
