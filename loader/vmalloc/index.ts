/** The vmalloc address space: table of contents. */

export { type AreaOwner, VM, VmArea } from './area.ts';
export type { AreaView } from './area-view.ts';
export type { BusyAreas } from './busy-areas.ts';
export {
  type FragmentationStats,
  fragmentationIndex,
  type RequestOutlook,
  slotCount,
  unusableFreeIndex,
} from './fragmentation.ts';
export type { BlockId } from './free-blocks.ts';
export { type FreeBlockDump, FreeTree } from './free-tree.ts';
export { formatGfp, GFP } from './gfp.ts';
export type { VmallocHooks, VmallocOptions } from './hooks.ts';
export type { PcpuGroup } from './pcpu-areas.ts';
export {
  PercpuAllocator,
  type PercpuArea,
  type PercpuLayout,
  type PercpuOptions,
  percpuLayout,
} from './percpu.ts';
export type { PercpuChunk } from './percpu-chunk.ts';
export type { FirstChunk } from './percpu-first.ts';
export type { SeedResult } from './seed.ts';
export {
  type IoremapRequest,
  type KvmallocRequest,
  type ModuleMemoryRequest,
  type PcpuAreas,
  type VmallocRequest,
  VmallocSpace,
  type VmapRequest,
} from './space.ts';
export type { VmapAllocator } from './vmap-allocator.ts';
export { vmapBlockPages } from './vmap-blocks.ts';
export type { VmapNode } from './vmap-node.ts';
