export { AsyncWorks } from './async-works.ts';
export type { ModuleContext } from './context.ts';
export { decodeAs } from './decode-module.ts';
export { deleteModule, moduleNameLen } from './delete-module.ts';
export { finitModule, initModule, type OpenFile, type UserImage } from './finit-module.ts';
export { IdempotentTable } from './idempotent.ts';
export { ImageCache } from './image-cache.ts';
export {
  type InitBehaviour,
  type InitBehaviours,
  type InitProgram,
  type InitRequest,
  InitScript,
} from './init-behaviour.ts';
export { InitFreeWork } from './init-free.ts';
export { type FileContent, Inode, type InodeKind } from './inode.ts';
export { MODULE_INIT_FLAGS } from './load-info.ts';
export type { ModuleMemory, Taint } from './module.ts';
export { Module, type ModuleState } from './module.ts';
export { ModuleCall } from './module-call.ts';
export { ModuleList } from './module-list.ts';
export type { ModuleFile, ModuleMetadata, ModuleSource, SourceIdentity } from './module-source.ts';
export { kstrtobool } from './params/kstrto.ts';
export {
  paramAttrShow,
  paramAttrStore,
  paramFiles,
  paramOfFile,
  paramReadable,
  paramWritable,
} from './params/param-attr.ts';
export type { ParamMemory } from './params/param-memory.ts';
export { moduleAddress, procModules } from './proc-modules.ts';
export { mutexOptions, PurgeLock } from './purge-lock.ts';
export { modulePut, tryModuleGet } from './resolve-symbols.ts';
export { SharedHardware } from './shared-hardware.ts';
export { SystemCalls } from './system-calls.ts';
export { KernelTaint } from './taint.ts';
export { vfreeInTime } from './vfree.ts';
