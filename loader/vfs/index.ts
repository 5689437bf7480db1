export { type FileAction, GuestTree, type OpenResult } from './guest-tree.ts';
export { createGuestVolume } from './memfs-volume.ts';
export { type VirtualFile, VirtualFiles } from './virtual-files.ts';
