// SPDX-License-Identifier: MIT
import { type Bytes, ERRNO, pagesFor } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import type { Inode } from './inode.ts';
import { freeTime, kernelReadFile } from './kernel-read-file.ts';
import { type LoadInfo, MODULE_INIT_FLAGS } from './load-info.ts';
import { loadModule } from './load-module.ts';
import type { ModuleCall } from './module-call.ts';
import { moduleDecompress } from './module-decompress.ts';

const ALL_FLAGS =
  MODULE_INIT_FLAGS.MODULE_INIT_IGNORE_MODVERSIONS |
  MODULE_INIT_FLAGS.MODULE_INIT_IGNORE_VERMAGIC |
  MODULE_INIT_FLAGS.MODULE_INIT_COMPRESSED_FILE;

/** An open file: its inode, and whether it may be read; undefined = a bad descriptor. */
export interface OpenFile {
  readonly inode: Inode;
  readonly readable: boolean;
  /** How it was opened, for reports. */
  readonly path?: string;
}

/**
 * finit_module(2): kernel/module/main.c, Linux 6.12. Checks, the per-inode gate, the read, the
 * decompression and the load. Returns 0 or a negative errno.
 */
export function* finitModule(
  ctx: ModuleContext,
  call: ModuleCall,
  file: OpenFile | undefined,
  args: string,
  flags: number,
): Coroutine<number> {
  yield ctx.engine.work(ctx.costs.syscall_ns);
  call.stage = 'permission';
  if (!ctx.permitted()) return -ERRNO.EPERM;
  if ((flags & ~ALL_FLAGS) !== 0) return -ERRNO.EINVAL;
  if (!file?.readable) {
    // Linux 6.4: kernel_read_file_from_fd() is what finds it out.
    if (ctx.features.kread_bytes_bug) countFailedRead(ctx, call, ERRNO.EBADF);
    return -ERRNO.EBADF;
  }
  const { inode } = file;
  const load = (): Coroutine<number> => initModuleFromFile(ctx, call, inode, args, flags);
  if (ctx.features.deny_write === 'exclusive-call') return yield* exclusively(inode, load);
  if (ctx.features.idempotent === 'none') return yield* load();
  call.stage = 'gate';
  return yield* ctx.gate.enter(inode.ino, load);
}

/** A read that failed counts; in 6.4 its errno, a negative number, counts as bytes. */
function countFailedRead(ctx: ModuleContext, call: ModuleCall, errno: number): void {
  ctx.stats.add('failed_kreads', 1, call.request);
  if (!ctx.features.kread_bytes_bug) return;
  ctx.stats.add('invalid_kread_bytes', -errno, call.request);
  call.waste('kread', -errno);
}

/** v6.4-rc4 (9828ed3f695a): the second loader of a file is refused while the first is at it. */
function* exclusively(inode: Inode, load: () => Coroutine<number>): Coroutine<number> {
  if (!inode.exclusiveDenyWriteAccess()) return -ERRNO.ETXTBSY;
  const ret = yield* load();
  inode.allowWriteAccess();
  return ret;
}

/** init_module_from_file() */
function* initModuleFromFile(
  ctx: ModuleContext,
  call: ModuleCall,
  inode: Inode,
  args: string,
  flags: number,
): Coroutine<number> {
  const { stats, tracer } = ctx;
  call.stage = 'kread';
  tracer.emit({
    kind: 'stage_begin',
    request: call.request,
    stage: 'kread',
    subject: call.subject,
  });
  const read = yield* kernelReadFile(ctx, call, inode);
  tracer.emit({
    kind: 'stage_end',
    request: call.request,
    stage: 'kread',
    ret: read.ok ? 0 : -read.errno,
  });
  if (!read.ok) {
    countFailedRead(ctx, call, read.errno);
    return -read.errno;
  }
  const { bytes, copy } = read;
  if ((flags & MODULE_INIT_FLAGS.MODULE_INIT_COMPRESSED_FILE) === 0) {
    const info: LoadInfo = {
      bytes,
      len: bytes.length,
      compressedLen: 0,
      flags,
      args,
      copy,
      vmapped: false,
      sigOk: false,
    };
    return yield* loadModule(ctx, call, info);
  }

  call.stage = 'decompress';
  tracer.emit({
    kind: 'stage_begin',
    request: call.request,
    stage: 'decompress',
    subject: call.subject,
  });
  const decoded = yield* moduleDecompress(ctx, call, bytes);
  ctx.space.vfree(copy);
  yield* freeTime(ctx, bytes.length);
  tracer.emit({
    kind: 'stage_end',
    request: call.request,
    stage: 'decompress',
    ret: decoded.ok ? 0 : -decoded.errno,
  });
  if (!decoded.ok) {
    stats.add('failed_decompress', 1, call.request);
    stats.add('invalid_decompress_bytes', bytes.length, call.request);
    call.waste('decompress', bytes.length);
    return -decoded.errno;
  }
  const info: LoadInfo = {
    bytes: decoded.image,
    len: decoded.image.length,
    compressedLen: bytes.length,
    flags,
    args,
    copy: decoded.copy,
    vmapped: true,
    sigOk: false,
  };
  return yield* loadModule(ctx, call, info);
}

/** A module image in the caller's memory, as init_module(2) is given it. */
export interface UserImage {
  readonly bytes: Uint8Array;
  /** Length the caller passes; bytes beyond the image cannot be read. */
  readonly len: Bytes;
  /** The pointer itself is bad. */
  readonly fault: boolean;
}

/** Bytes copied between two looks at the scheduler (COPY_CHUNK_SIZE, kernel/module/main.c). */
const COPY_CHUNK_SIZE = 16 * 4096;

/** init_module(2): no gate, never compressed. Returns 0 or a negative errno. */
export function* initModule(
  ctx: ModuleContext,
  call: ModuleCall,
  image: UserImage,
  args: string,
): Coroutine<number> {
  yield ctx.engine.work(ctx.costs.syscall_ns);
  call.stage = 'permission';
  if (!ctx.permitted()) return -ERRNO.EPERM;
  call.stage = 'kread';
  const copied = yield* copyModuleFromUser(ctx, call, image);
  if (copied.errno !== 0) {
    ctx.stats.add('failed_kreads', 1, call.request);
    ctx.stats.add('invalid_kread_bytes', image.len, call.request);
    call.waste('kread', image.len);
    return -copied.errno;
  }
  const bytes = image.len === image.bytes.length ? image.bytes : image.bytes.subarray(0, image.len);
  return yield* loadModule(ctx, call, {
    bytes,
    len: image.len,
    compressedLen: 0,
    flags: 0,
    args,
    copy: copied.copy,
    vmapped: false,
    sigOk: false,
  });
}

/** copy_module_from_user(): a silent vmalloc, then the copy in chunks. */
function* copyModuleFromUser(
  ctx: ModuleContext,
  call: ModuleCall,
  image: UserImage,
): Coroutine<{ errno: number; copy: number }> {
  const headerSize = ctx.images.kernel.wordBits === 32 ? 52 : 64;
  if (image.len < headerSize) return { errno: ERRNO.ENOEXEC, copy: 0 };
  const area = ctx.space.vmalloc({
    bytes: image.len,
    caller: 'copy_module_from_user',
    purpose: 'copy',
    request: call.request,
    noWarn: true,
  });
  if (!area) return { errno: ERRNO.ENOMEM, copy: 0 };
  call.allocated += area.size;
  const readable = image.fault ? 0 : image.bytes.length;
  const chunks = Math.ceil(Math.min(image.len, readable) / COPY_CHUNK_SIZE);
  yield ctx.engine.work(ctx.shared.vmapArea());
  const copyTime = chunks * (COPY_CHUNK_SIZE / 4096) * ctx.costs.copy_from_user_page_ns;
  const pages = pagesFor(image.len);
  yield* ctx.shared.fillPages(pages, ctx.costs.vmalloc_page_ns + copyTime / pages);
  if (readable >= image.len) return { errno: 0, copy: area.addr };
  ctx.space.vfree(area.addr);
  return { errno: ERRNO.EFAULT, copy: 0 };
}
