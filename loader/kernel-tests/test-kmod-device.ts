import { type Nanos, pagesFor, type VirtAddr } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { SimKernel } from '../kernel.ts';
import {
  type FileSystemTable,
  FileSystemTypes,
  TestKmod,
  type ThreadRecords,
} from '../kmod/index.ts';
import { type Module, modulePut, tryModuleGet, vfreeInTime } from '../module/index.ts';
import type { Userland } from '../userspace/index.ts';
import { GFP } from '../vmalloc/index.ts';

const NAME = 'test_kmod';
/** sizeof(struct kmod_test_device_info), lib/test_kmod.c, Linux 6.12 */
const RECORD_BYTES = { 32: 24, 64: 48 } as const;

/**
 * The self-tests' device of one kernel: there while the module test_kmod is live.
 * Model: where no file of the machine's modules is it, it is there from the start.
 */
export class TestKmodDevice {
  readonly #kernel: SimKernel;
  readonly #userland: Userland;
  #device: TestKmod | undefined;
  #module: Module | undefined;

  constructor(kernel: SimKernel, userland: Userland) {
    this.#kernel = kernel;
    this.#userland = userland;
  }

  /** `threadNs`: starting one kernel thread. */
  open(threadNs: Nanos): TestKmod | undefined {
    const { ctx } = this.#kernel;
    const { index, requestModule } = this.#userland;
    const announced = index.module(NAME) !== undefined;
    const mod = ctx.modules.findFormed(NAME);
    if (announced && mod?.state !== 'live') return undefined;
    if (this.#device && this.#module === mod) return this.#device;
    this.#module = mod;
    this.#device = new TestKmod({
      engine: ctx.engine,
      log: ctx.log,
      requestModule,
      fileSystems: new FileSystemTypes(this.#fileSystems(), requestModule, ctx.log),
      records: new RecordsArea(this.#kernel, mod),
      threadNs,
      announced,
      startFs: ctx.features.test_kmod_fs === 'none' ? 'EMPTY' : 'xfs',
    });
    return this.#device;
  }

  /** Model: a file system is registered while the module with the alias `fs-NAME` is live. */
  #fileSystems(): FileSystemTable {
    const { ctx } = this.#kernel;
    return {
      find: (name) => {
        const owner = this.#userland.index.lookup(`fs-${name}`)[0];
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

/**
 * The threads' records in vmalloc memory. Those the module's init took, after the device itself, are
 * freed by the first change; what is there at its exit goes with the rest that it kept.
 */
class RecordsArea implements ThreadRecords {
  readonly #kernel: SimKernel;
  readonly #module: Module | undefined;
  #area: VirtAddr | undefined;

  constructor(kernel: SimKernel, mod: Module | undefined) {
    this.#kernel = kernel;
    this.#module = mod;
    this.#area = mod?.kept[1];
  }

  *sync(threads: number, caller: string): Coroutine<boolean> {
    const { ctx } = this.#kernel;
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
    const { wordBits } = this.#kernel.space.preset;
    const bytes = threads * RECORD_BYTES[wordBits];
    return wordBits === 32 ? Math.min(bytes, 0xffff_ffff) : bytes;
  }
}
