// SPDX-License-Identifier: MIT
/** What one case of one worker calls, and how often it got nothing. */

import type { Bytes, PageCount, VirtAddr } from '../../base/index.ts';
import type { Architecture } from '../../presets/index.ts';
import { type AreaOwner, GFP } from '../../vmalloc/index.ts';
import type { Draws } from './draws.ts';
import type { PercpuObject, TestHost } from './host.ts';
import type { TestVmallocParameters } from './parameters.ts';

/** THREAD_ALIGN: THREAD_SIZE, twice that where stacks are vmapped (not so on x86). */
const THREAD_ALIGN: Readonly<Record<Architecture, Bytes>> = {
  i386: 8192,
  'x86-64': 16_384,
  arm32: 16_384,
  arm64: 32_768,
};

export class CaseContext {
  readonly parameters: TestVmallocParameters;
  readonly draws: Draws;
  readonly onlineCpus: number;
  readonly wordBits: 32 | 64;
  readonly threadAlign: Bytes;
  /** Requests that got nothing. */
  failedRequests = 0;
  readonly #host: TestHost;
  readonly #owner: AreaOwner;

  constructor(host: TestHost, parameters: TestVmallocParameters, draws: Draws, caller: string) {
    const { wordBits, arch } = host.space.preset;
    this.parameters = parameters;
    this.draws = draws;
    this.onlineCpus = host.cpus;
    this.wordBits = wordBits;
    this.threadAlign = THREAD_ALIGN[arch];
    this.#host = host;
    this.#owner = { caller: `${caller} [test_vmalloc]`, purpose: 'other', module: 'test_vmalloc' };
  }

  /** vmalloc(): an address, or 0. */
  vmalloc(bytes: Bytes): VirtAddr {
    return this.#got(this.#host.space.vmalloc({ bytes, ...this.#owner })?.addr ?? 0);
  }

  /** vmalloc_huge(). */
  vmallocHuge(bytes: Bytes): VirtAddr {
    const request = { bytes, huge: true, ...this.#owner };
    return this.#got(this.#host.space.vmalloc(request)?.addr ?? 0);
  }

  /** __vmalloc_node() with an alignment. */
  vmallocAligned(bytes: Bytes, align: Bytes): VirtAddr {
    const gfp = GFP.GFP_KERNEL | GFP.__GFP_ZERO;
    const request = { bytes, align, gfp, ...this.#owner };
    return this.#got(this.#host.space.vmalloc(request)?.addr ?? 0);
  }

  /** vfree() as far as the pages: what is left to be freed then, or 0. */
  vfree(addr: VirtAddr): VirtAddr {
    return this.#host.space.vfreePages(addr)?.pageArray?.addr ?? 0;
  }

  kvfreeRcu(addr: VirtAddr): 0 {
    this.#host.rcu.add(addr);
    return 0;
  }

  allocPercpu(size: Bytes, align: Bytes): PercpuObject | null {
    const area = this.#host.percpu.alloc(size, align);
    if (area === null) this.failedRequests += 1;
    return area;
  }

  /** free_percpu(), giving way where it drops its lock: what it queues afterwards has to wait. */
  *freePercpu(area: PercpuObject | null): Generator<void, void> {
    const { percpu } = this.#host;
    const due = area !== null && percpu.release(area);
    yield;
    if (!due) return;
    percpu.scheduleBalance();
    if (percpu.balanceComesEarly?.()) yield;
  }

  /** Whether so many pages get an area of their own from vmMapRam. */
  isLargeRam(pages: PageCount): boolean {
    return pages > this.#host.space.preset.vmapMaxAlloc;
  }

  vmMapRam(pages: PageCount): VirtAddr {
    return this.#got(this.#host.space.vmMapRam(pages, this.#owner) ?? 0);
  }

  *vmMapLargeRam(pages: PageCount): Generator<void, VirtAddr> {
    return this.#got((yield* this.#host.space.vmMapRamGivingWay(pages, this.#owner)) ?? 0);
  }

  vmUnmapRam(addr: VirtAddr, pages: PageCount): 0 {
    this.#host.space.vmUnmapRam(addr, pages);
    return 0;
  }

  #got(addr: VirtAddr): VirtAddr {
    if (addr === 0) this.failedRequests += 1;
    return addr;
  }
}
