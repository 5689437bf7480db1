/** Contents of the kmod room: how the kernel asks user space for modules. */

export { cString } from './c-string.ts';
export { DUP_RETENTION_NS } from './dup-requests.ts';
export { DupsTrace } from './dups-trace.ts';
export { type FileSystemTable, type FileSystemType, FileSystemTypes } from './file-system-types.ts';
export type { HelperCall, HelperRunner, HelperWait } from './helper-runner.ts';
export type { WarnContext } from './kernel-warning.ts';
export type { KmodLimiter } from './limiter.ts';
export { ModprobePath } from './modprobe-path.ts';
export {
  RequestModule,
  type RequestModuleCall,
  type RequestModuleOptions,
} from './request-module.ts';
export {
  type ExecTarget,
  type HelperProgram,
  UsermodeHelper,
  type UsermodeHelperOptions,
} from './usermode-helper.ts';
