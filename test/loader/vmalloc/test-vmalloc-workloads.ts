/**
 * The workloads of the kernel's own vmalloc test module (lib/test_vmalloc.c, Linux 6.12) as calls
 * on a space. Each returns whether the kernel's would report it as passed.
 */
import type { VmallocSpace } from '../../../loader/vmalloc/index.ts';

const PAGE = 4096;

export interface WorkloadContext {
  readonly space: VmallocSpace;
  /** test_loop_count. */
  readonly loops: number;
  readonly onlineCpus: number;
  /** Bytes of a pointer: 4 or 8. */
  readonly pointer: number;
  /** Uniform in 0 … n-1. */
  random(n: number): number;
  /** Called after each vfree: runs the drain work when it was queued. */
  settle(): void;
  /** Called for each allocation that gave nothing. */
  failed(): void;
}

export interface Workload {
  /** Bit of the run_test_mask. */
  readonly id: number;
  readonly name: string;
  run(context: WorkloadContext): boolean;
}

function alloc({ space, failed }: WorkloadContext, bytes: number, align = 1): number {
  const area = space.vmalloc({ bytes, align, caller: 'test_func', purpose: 'other' });
  if (area !== null) return area.addr;
  failed();
  return 0;
}

function free(context: WorkloadContext, addr: number): void {
  if (addr === 0) return;
  context.space.vfree(addr);
  context.settle();
}

/** `loops` times: allocate, stop on failure, free. */
function pairs(
  context: WorkloadContext,
  size: (i: number) => readonly [bytes: number, align: number],
): boolean {
  for (let i = 0; i < context.loops; i++) {
    const [bytes, align] = size(i);
    const addr = alloc(context, bytes, align);
    if (addr === 0) return false;
    free(context, addr);
  }
  return true;
}

function fullFit(context: WorkloadContext): boolean {
  const count = (32 - Math.clz32(context.onlineCpus)) * 8192;
  const arrays = [alloc(context, count * context.pointer), alloc(context, count * context.pointer)];
  const kept: number[] = [];
  const junk: number[] = [];
  for (let i = 0; i < count; i++) {
    kept.push(alloc(context, PAGE));
    junk.push(alloc(context, PAGE));
  }
  for (const addr of junk) free(context, addr);
  const passed = pairs(context, () => [PAGE, 1]);
  for (const addr of kept) free(context, addr);
  for (const addr of arrays) free(context, addr);
  return passed;
}

function longBusyList(context: WorkloadContext): boolean {
  const array = alloc(context, 15_000 * context.pointer);
  const kept = Array.from({ length: 15_000 }, () => alloc(context, PAGE));
  let passed = true;
  for (let i = 0; i < context.loops && passed; i++) {
    const large = alloc(context, 100 * PAGE);
    const small = large === 0 ? 0 : alloc(context, PAGE);
    passed = small !== 0;
    free(context, large);
    free(context, small);
  }
  for (const addr of kept) free(context, addr);
  free(context, array);
  return passed;
}

function vmMapRam({ space, loops }: WorkloadContext): boolean {
  for (let i = 0; i < loops; i++) {
    const addr = space.vmMapRam(1, { caller: 'test_func', purpose: 'vm_map_ram' });
    if (addr === null) return false;
    space.vmUnmapRam(addr, 1);
  }
  return true;
}

/** THREAD_ALIGN << 1 on i386: two pages, doubled. */
const FIX_ALIGN = 16_384;

export const WORKLOADS: readonly Workload[] = [
  { id: 1, name: 'fix_size_alloc_test', run: (c) => pairs(c, () => [PAGE, 1]) },
  { id: 2, name: 'full_fit_alloc_test', run: fullFit },
  { id: 4, name: 'long_busy_list_alloc_test', run: longBusyList },
  {
    id: 8,
    name: 'random_size_alloc_test',
    run: (c) => pairs(c, () => [(1 + c.random(100)) * PAGE, 1]),
  },
  { id: 16, name: 'fix_align_alloc_test', run: (c) => pairs(c, () => [5 * PAGE, FIX_ALIGN]) },
  {
    id: 32,
    name: 'random_size_align_alloc_test',
    run: (c) =>
      pairs(c, () => {
        const u = c.random(256);
        return [((u % 10) + 1) * PAGE, 2 ** (u % 23)];
      }),
  },
  {
    id: 64,
    name: 'align_shift_alloc_test',
    run: (c) => pairs({ ...c, loops: c.pointer * 8 }, (i) => [PAGE, 2 ** i]),
  },
  { id: 1024, name: 'vm_map_ram_test', run: vmMapRam },
];
