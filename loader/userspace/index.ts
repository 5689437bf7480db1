/** Contents of the userspace room: modprobe, libkmod, depmod's indexes and udev. */

export { type AliasEntry, AliasTrie } from './alias-trie.ts';
export { defaultChildrenMax } from './children-max.ts';
export { CONF_DIRECTORIES, type ConfFile, confFilesInOrder, isConfName } from './conf-files.ts';
export { type DepmodFile, type DepmodModule, type DepmodResult, depmod } from './depmod.ts';
export type { DepLine } from './depmod-text.ts';
export { fnmatch } from './fnmatch.ts';
export type { IndexSource } from './index-source.ts';
export { shellWords } from './install-command.ts';
export {
  type CommandLineFacts,
  moduleBlacklist,
  parseKernelCommandLine,
} from './kernel-command-line.ts';
export { kmodLoad } from './kmod-load.ts';
export { joinOptions, Libkmod, type LibkmodOptions } from './libkmod.ts';
export { Modprobe } from './modprobe.ts';
export type { ModprobeArgs } from './modprobe-args.ts';
export type { ProbeHost } from './modprobe-process.ts';
export {
  type IndexedModule,
  ModuleIndex,
  type ModuleIndexResult,
  type ModuleRef,
} from './module-index.ts';
export { type ModuleScan, scanModule } from './module-scan.ts';
export { KMOD_PROBE } from './probe-flags.ts';
export { type ProbeEntry, probeList } from './probe-list.ts';
export { strerror } from './strerror.ts';
export { UdevManager, type UdevOptions } from './udev-manager.ts';
export { udevTrigger } from './udev-trigger.ts';
export { namesToLoad, type Uevent } from './uevent.ts';
export type { InitState, UserKernel } from './user-kernel.ts';
export {
  buildModuleIndex,
  type ModprobeSettings,
  ModuleIndexError,
  Userland,
  type UserlandOptions,
} from './userland.ts';
export { exitCodeOf } from './wait-status.ts';
