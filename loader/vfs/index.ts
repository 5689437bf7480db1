export { type FileAction, GuestTree, type OpenResult } from './guest-tree.ts';
export { type PlainText, plainFile, readNow, type VirtualFile, writeNow } from './virtual-file.ts';
export { VirtualFiles } from './virtual-files.ts';
export type { PathKind } from './walk-path.ts';
export { NAME_MAX, walkPath } from './walk-path.ts';
