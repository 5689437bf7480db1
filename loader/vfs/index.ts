export { type FileAction, GuestTree, type OpenResult } from './guest-tree.ts';
export { type VirtualFile, VirtualFiles } from './virtual-files.ts';
