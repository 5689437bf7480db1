// SPDX-License-Identifier: MIT
import type { Bytes, VirtAddr } from '../base/index.ts';
import type { ModuleContext } from './context.ts';

/** MODULE_INIT_* flags of finit_module (include/uapi/linux/module.h). */
export const MODULE_INIT_FLAGS = {
  MODULE_INIT_IGNORE_MODVERSIONS: 1,
  MODULE_INIT_IGNORE_VERMAGIC: 2,
  MODULE_INIT_COMPRESSED_FILE: 4,
} as const;

/** The temporary copy of a module file in vmalloc space (struct load_info). */
export interface LoadInfo {
  /** All bytes of the copy; `len` may be shorter once a signature is stripped. */
  readonly bytes: Uint8Array;
  len: Bytes;
  /** Bytes of the compressed file; 0 when it was not compressed. */
  readonly compressedLen: Bytes;
  readonly flags: number;
  readonly args: string;
  /** Where the copy lies, and whether it is a vmap of decoder pages. */
  readonly copy: VirtAddr;
  readonly vmapped: boolean;
  sigOk: boolean;
}

/** free_copy(): gives the temporary copy back. */
export function freeCopy(ctx: ModuleContext, info: LoadInfo): void {
  if (info.vmapped) ctx.space.vunmap(info.copy);
  else ctx.space.vfree(info.copy);
}
