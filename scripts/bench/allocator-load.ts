// SPDX-License-Identifier: MIT
/** Allocators under load: many live areas, and one operation more. */
import { KernelLog, Random } from '../../loader/engine/index.ts';
import { ADDRESS_SPACES } from '../../loader/presets/index.ts';
import { VmallocSpace } from '../../loader/vmalloc/index.ts';
import { NaiveFirstFit } from './naive-first-fit.ts';

const PAGE = 4096;
/** Areas of 1 to 16 pages, like the parts of most modules. */
const MOST_PAGES = 16;

/** What both allocators do. Sizes are pages without the guard page. */
interface Allocator {
  alloc(pages: number): number;
  free(addr: number): void;
}

/** The whole of the model's vmalloc and vfree, purges included; nobody reads its events. */
class SpaceUnderTest implements Allocator {
  readonly #space: VmallocSpace;
  #drain = false;

  constructor() {
    const trace = { emit: () => {} };
    // 32 TiB, so that the number of live areas is the only thing that differs.
    this.#space = new VmallocSpace(ADDRESS_SPACES.get('x86-64')!, {
      trace,
      log: new KernelLog(() => 0, trace),
      onlineCpus: () => 1,
      comm: () => 'bench',
      scheduleDrain: () => {
        this.#drain = true;
      },
    });
  }

  alloc(pages: number): number {
    return this.#space.vmalloc({ bytes: pages * PAGE, caller: 'bench', purpose: 'other' })!.addr;
  }

  free(addr: number): void {
    this.#space.vfree(addr);
    if (!this.#drain) return;
    this.#drain = false;
    this.#space.drainVmapAreaWork();
  }
}

class NaiveUnderTest implements Allocator {
  readonly #areas = new NaiveFirstFit(0, 2 ** 45);

  alloc(pages: number): number {
    return this.#areas.alloc((pages + 1) * PAGE);
  }

  free(addr: number): void {
    this.#areas.free(addr);
  }
}

/** An allocator with `live` areas among holes, and the ways to work on it. */
export class Load {
  readonly #allocator: Allocator;
  readonly #random = new Random(1);
  readonly #areas: number[] = [];

  constructor(kind: 'space' | 'naive', live: number) {
    this.#allocator = kind === 'space' ? new SpaceUnderTest() : new NaiveUnderTest();
    for (let i = 0; i < live; i++) this.#areas.push(this.#alloc());
    // Every area replaced once on average: what stays lies scattered.
    this.replace(live);
  }

  /** Allocates and frees again, the live areas staying as they are. */
  pairs(count: number): void {
    for (let i = 0; i < count; i++) this.#allocator.free(this.#alloc());
  }

  /** Frees live areas at random and allocates others in their stead. */
  replace(count: number): void {
    for (let i = 0; i < count; i++) {
      const victim = this.#random.below(this.#areas.length);
      this.#allocator.free(this.#areas[victim]!);
      this.#areas[victim] = this.#alloc();
    }
  }

  #alloc(): number {
    return this.#allocator.alloc(1 + this.#random.below(MOST_PAGES));
  }
}
