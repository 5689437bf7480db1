// SPDX-License-Identifier: MIT
import { ERRNO, type VirtAddr } from '../base/index.ts';
import type { CompressionFormat } from '../decompress/index.ts';
import { type Coroutine, LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { ModuleCall } from './module-call.ts';
import { vfreeInTime } from './vfree.ts';

export type ModuleDecompress =
  | { readonly ok: true; readonly image: Uint8Array; readonly copy: VirtAddr }
  | { readonly ok: false; readonly errno: number };

/**
 * Decodes a compressed module into fresh pages and maps them (module_decompress,
 * kernel/module/decompress.c, Linux 6.12). The decoder's dictionary lives in vmalloc space while it
 * runs; the compressed copy is the caller's to free.
 *
 * Model: page arrays and decoder workspaces come from kmalloc, which does not fail here, unless
 * they are larger than kmalloc can serve.
 */
export function* moduleDecompress(
  ctx: ModuleContext,
  call: ModuleCall,
  compressed: Uint8Array,
): Coroutine<ModuleDecompress> {
  const format = ctx.features.compression;
  if (format === 'none') return { ok: false, errno: ERRNO.EOPNOTSUPP };
  const decoded = ctx.images.decoded(compressed, format);
  const fail = (message: string | null, errno: number): ModuleDecompress => {
    if (message !== null) ctx.log.print(LOG_LEVEL.ERR, message);
    return { ok: false, errno };
  };

  const pageTime = ctx.costs.vmalloc_page_ns;
  const byteTime = decodeByteTime(ctx, format);
  const perPage = decoded.pages > 0 ? (decoded.image.length * byteTime) / decoded.pages : 0;
  let held: VirtAddr | undefined;
  let donePages = 0;
  function* release(): Coroutine<void> {
    if (held === undefined) return;
    const addr = held;
    held = undefined;
    yield* vfreeInTime(ctx, addr);
  }
  // Model: kmalloc of a workspace succeeds.
  const workspaces = ctx.features.workspace;
  const buffers = decoded.vm.filter(({ how }) => how === 'vmalloc' || workspaces !== 'kmalloc');
  for (const buffer of buffers) {
    const pages = buffer.atPage - donePages;
    donePages = buffer.atPage;
    yield ctx.engine.work(pages * (pageTime + perPage));
    if (buffer.replaces) yield* release();
    const plain = buffer.how === 'vmalloc' || ctx.features.workspace === 'vmalloc';
    const request = {
      bytes: buffer.bytes,
      caller: buffer.purpose === 'dictionary' ? 'xz_dec_lzma2_reset' : 'module_decompress',
      purpose: buffer.purpose,
      request: call.request,
    };
    const area = plain ? ctx.space.vmalloc(request) : ctx.space.kvmalloc(request);
    if (!area) {
      yield* release();
      return fail(buffer.onFailure.message, buffer.onFailure.errno);
    }
    if (area !== 'kmalloc') {
      held = area.addr;
      call.allocated += area.size;
    }
  }
  yield ctx.engine.work((decoded.pages - donePages) * (pageTime + perPage));
  yield* release();
  if (!decoded.ok) return fail(decoded.message, decoded.errno);

  const area = ctx.space.vmap({
    pages: decoded.pages,
    caller: 'module_decompress',
    purpose: 'image',
    request: call.request,
  });
  if (!area) return fail(null, ERRNO.ENOMEM);
  call.allocated += area.size;
  yield ctx.engine.work(ctx.costs.vmap_area_ns);
  return { ok: true, image: decoded.image, copy: area.addr };
}

function decodeByteTime(ctx: ModuleContext, format: CompressionFormat): number {
  if (format === 'gzip') return ctx.costs.gunzip_byte_ns;
  return format === 'xz' ? ctx.costs.unxz_byte_ns : ctx.costs.unzstd_byte_ns;
}
