// SPDX-License-Identifier: MIT
/**
 * The eleven workloads of lib/test_vmalloc.c, Linux 6.12. Each is a coroutine that gives way once
 * for every call into the allocator, where the kernel could first be preempted: a worker that the
 * call wakes does not run before that. It returns whether the kernel's would have passed.
 *
 * Model: pages are not touched. Unless draws are given, random numbers come from the model's own
 * generator, so sizes and alignments follow the kernel's distributions, not its draws.
 */
import { PAGE_SIZE, type PageCount, type VirtAddr } from '../../base/index.ts';
import type { CaseContext } from './case-context.ts';
import type { PercpuObject } from './host.ts';

export type CaseRun = Generator<void, boolean>;

export interface TestCase {
  /** Its bit in run_test_mask. */
  readonly id: number;
  readonly name: string;
  run(context: CaseContext): CaseRun;
}

const LONG_BUSY_AREAS = 15_000;
const PERCPU_AREAS = 35_000;
/** Pages that full_fit_alloc_test takes twice over, per doubling of the online CPUs. */
const JUNK_STEP = (32 * 1024 * 1024) / PAGE_SIZE;

/** `count` times: allocate, give up without room, free. `release` leaves what is freed next, or 0. */
function* pairs(
  context: CaseContext,
  count: number,
  allocate: (pass: number) => VirtAddr,
  release: (addr: VirtAddr) => VirtAddr = (addr) => context.vfree(addr),
): CaseRun {
  for (let pass = 0; pass < count; pass++) {
    const addr = allocate(pass);
    yield;
    if (addr === 0) return false;
    for (let next = addr; next !== 0; ) {
      next = release(next);
      yield;
    }
  }
  return true;
}

function* freeAll(context: CaseContext, addrs: readonly VirtAddr[]): Generator<void, void> {
  for (const addr of addrs) {
    for (let next = addr; ; ) {
      next = context.vfree(next);
      yield;
      if (next === 0) break;
    }
  }
}

function fixSize(context: CaseContext): CaseRun {
  const { nr_pages, use_huge, test_loop_count } = context.parameters;
  const bytes = (nr_pages > 0 ? nr_pages : 1) * PAGE_SIZE;
  return pairs(context, test_loop_count, () =>
    use_huge ? context.vmallocHuge(bytes) : context.vmalloc(bytes),
  );
}

/** Alternating pages, every second one freed: holes that fit exactly. */
function* fullFit(context: CaseContext): CaseRun {
  const count = (32 - Math.clz32(context.onlineCpus)) * JUNK_STEP;
  const pointers = (context.wordBits / 8) * count;
  const kept = context.vmalloc(pointers);
  yield;
  if (kept === 0) return false;
  const junk = context.vmalloc(pointers);
  yield;
  if (junk === 0) {
    context.vfree(kept);
    yield;
    return false;
  }
  const keptAreas: VirtAddr[] = [];
  const junkAreas: VirtAddr[] = [];
  for (let i = 0; i < count; i++) {
    keptAreas.push(context.vmalloc(PAGE_SIZE));
    yield;
    junkAreas.push(context.vmalloc(PAGE_SIZE));
    yield;
  }
  yield* freeAll(context, junkAreas);
  const { test_loop_count } = context.parameters;
  const passed = yield* pairs(context, test_loop_count, () => context.vmalloc(PAGE_SIZE));
  yield* freeAll(context, keptAreas);
  yield* freeAll(context, [kept, junk]);
  return passed;
}

/** A large and a small area over and over, behind 15,000 busy ones. */
function* longBusyList(context: CaseContext): CaseRun {
  const array = context.vmalloc((context.wordBits / 8) * LONG_BUSY_AREAS);
  yield;
  if (array === 0) return false;
  const kept: VirtAddr[] = [];
  for (let i = 0; i < LONG_BUSY_AREAS; i++) {
    kept.push(context.vmalloc(PAGE_SIZE));
    yield;
  }
  let passed = true;
  for (let i = 0; i < context.parameters.test_loop_count; i++) {
    const large = context.vmalloc(100 * PAGE_SIZE);
    yield;
    const small = large === 0 ? 0 : context.vmalloc(PAGE_SIZE);
    if (large !== 0) yield;
    passed = small !== 0;
    if (large !== 0) yield* freeAll(context, passed ? [large, small] : [large]);
    if (!passed) break;
  }
  yield* freeAll(context, kept);
  yield* freeAll(context, [array]);
  return passed;
}

function randomSize(context: CaseContext): CaseRun {
  return pairs(context, context.parameters.test_loop_count, () =>
    context.vmalloc(context.draws.pages() * PAGE_SIZE),
  );
}

function fixAlign(context: CaseContext): CaseRun {
  const align = context.threadAlign * 2;
  return pairs(context, context.parameters.test_loop_count, () =>
    context.vmallocAligned(5 * PAGE_SIZE, align),
  );
}

/** One random byte decides both: alignment up to 4 MiB, size up to ten pages. */
function randomSizeAlign(context: CaseContext): CaseRun {
  return pairs(context, context.parameters.test_loop_count, () => {
    const byte = context.draws.byte();
    return context.vmallocAligned(((byte % 10) + 1) * PAGE_SIZE, 2 ** (byte % 23));
  });
}

/** Fails by design: no window has room for every alignment a word can hold. */
function alignShift(context: CaseContext): CaseRun {
  return pairs(context, context.wordBits, (shift) => context.vmallocAligned(PAGE_SIZE, 2 ** shift));
}

function* percpu(context: CaseContext): CaseRun {
  const array = context.vmalloc((context.wordBits / 8) * PERCPU_AREAS);
  yield;
  if (array === 0) return false;
  const areas: (PercpuObject | null)[] = [];
  let passed = true;
  for (let i = 0; i < PERCPU_AREAS; i++) {
    const { size, align } = context.draws.percpu();
    const area = context.allocPercpu(size, align);
    if (area === null) passed = false;
    areas.push(area);
    yield;
  }
  for (const area of areas) yield* context.freePercpu(area);
  // vfree() drops a lock before it parks anything.
  yield;
  yield* freeAll(context, [array]);
  return passed;
}

/** Both kvfree_rcu cases: one lets the pointer sleep on its own, one embeds the head. */
function kvfreeRcu(context: CaseContext): CaseRun {
  const { test_loop_count } = context.parameters;
  const allocate = (): VirtAddr => context.vmalloc(PAGE_SIZE);
  return pairs(context, test_loop_count, allocate, (addr) => context.kvfreeRcu(addr));
}

/** Model: the kernel's takes a mapping for granted and would crash without one; this one fails. */
function vmMapRam(context: CaseContext): CaseRun {
  const { nr_pages, test_loop_count } = context.parameters;
  const pages = nr_pages > 0 ? nr_pages : 1;
  if (context.isLargeRam(pages)) return largeVmMapRam(context, pages);
  const allocate = (): VirtAddr => context.vmMapRam(pages);
  return pairs(context, test_loop_count, allocate, (addr) => context.vmUnmapRam(addr, pages));
}

/** The kernel cannot be preempted before the next search has been made. */
function* largeVmMapRam(context: CaseContext, pages: PageCount): CaseRun {
  for (let pass = 0; pass < context.parameters.test_loop_count; pass++) {
    const addr = yield* context.vmMapLargeRam(pages);
    if (addr === 0) return false;
    context.vmUnmapRam(addr, pages);
  }
  return true;
}

export const TEST_CASES: readonly TestCase[] = [
  { id: 1, name: 'fix_size_alloc_test', run: fixSize },
  { id: 2, name: 'full_fit_alloc_test', run: fullFit },
  { id: 4, name: 'long_busy_list_alloc_test', run: longBusyList },
  { id: 8, name: 'random_size_alloc_test', run: randomSize },
  { id: 16, name: 'fix_align_alloc_test', run: fixAlign },
  { id: 32, name: 'random_size_align_alloc_test', run: randomSizeAlign },
  { id: 64, name: 'align_shift_alloc_test', run: alignShift },
  { id: 128, name: 'pcpu_alloc_test', run: percpu },
  { id: 256, name: 'kvfree_rcu_1_arg_vmalloc_test', run: kvfreeRcu },
  { id: 512, name: 'kvfree_rcu_2_arg_vmalloc_test', run: kvfreeRcu },
  { id: 1024, name: 'vm_map_ram_test', run: vmMapRam },
];
