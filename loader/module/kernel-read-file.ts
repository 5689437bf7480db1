// SPDX-License-Identifier: MIT
import { ERRNO, pagesFor, type VirtAddr } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Inode } from './inode.ts';
import type { ModuleCall } from './module-call.ts';

const INT_MAX = 2_147_483_647;

export type KernelRead =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly copy: VirtAddr }
  | { readonly ok: false; readonly errno: number };

/**
 * Reads a whole file into vmalloc memory (kernel_read_file, fs/kernel_read_file.c, Linux 6.12),
 * keeping writers out meanwhile.
 */
export function* kernelReadFile(
  ctx: ModuleContext,
  call: ModuleCall,
  inode: Inode,
): Coroutine<KernelRead> {
  if (inode.kind !== 'file') return { ok: false, errno: ERRNO.EINVAL };
  const denied =
    ctx.features.deny_write === 'exclusive-read'
      ? inode.exclusiveDenyWriteAccess()
      : inode.denyWriteAccess();
  if (!denied) return { ok: false, errno: ERRNO.ETXTBSY };
  const result = yield* readDenied(ctx, call, inode);
  inode.allowWriteAccess();
  return result;
}

function* readDenied(ctx: ModuleContext, call: ModuleCall, inode: Inode): Coroutine<KernelRead> {
  const { size } = inode;
  if (size <= 0) return { ok: false, errno: ERRNO.EINVAL };
  if (size > INT_MAX) return { ok: false, errno: ERRNO.EFBIG };
  const { costs, engine } = ctx;
  const area = ctx.space.vmalloc({
    bytes: size,
    caller: 'kernel_read_file',
    purpose: 'file',
    request: call.request,
  });
  if (!area) return { ok: false, errno: ERRNO.ENOMEM };
  call.allocated += area.size;
  const pages = pagesFor(size);
  const time = pages * (costs.vmalloc_page_ns + costs.kread_page_ns);
  const spread = costs.kread_spread;
  const stray = spread === 0 ? 0 : spread * (2 * engine.random.float() - 1);
  yield ctx.engine.work(ctx.shared.vmapArea());
  yield* ctx.shared.fillPages(pages, (time / pages) * Math.max(0, 1 + stray));
  const { bytes } = inode;
  if (bytes.length !== size) {
    ctx.space.vfree(area.addr);
    return { ok: false, errno: ERRNO.EIO };
  }
  return { ok: true, bytes, copy: area.addr };
}

/** Unmaps and frees the pages of a copy. */
export function* freeTime(ctx: ModuleContext, bytes: number): Coroutine<void> {
  yield ctx.engine.work(ctx.shared.vmapArea());
  yield* ctx.shared.freePages(pagesFor(bytes));
}
