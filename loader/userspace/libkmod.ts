import { ERRNO } from '../base/index.ts';
import { type CompressionFormat, moduleDecompressionFormat } from '../decompress/index.ts';
import type { Coroutine } from '../engine/index.ts';
import { runInstallCommand } from './install-command.ts';
import type { ModuleIndex, ModuleRef } from './module-index.ts';
import { KMOD_PROBE } from './probe-flags.ts';
import { type ProbeEntry, probeList } from './probe-list.ts';
import { decompressModule } from './user-decompress.ts';
import type { InitState, UserKernel } from './user-kernel.ts';

export interface LibkmodOptions {
  /** Compressed files may go to the kernel as they are (kmod 31 and later); default true. */
  readonly kernelDecompression?: boolean;
}

/** MODULE_INIT_COMPRESSED_FILE, include/uapi/linux/module.h, Linux 6.12 */
const COMPRESSED_FILE = 4;
/** Bytes libkmod looks at to tell the compression; a shorter file is refused. */
const MAGIC_BYTES = 6;

/**
 * libkmod in one or many processes: it holds nothing that changes (libkmod-module.c, kmod 30; file
 * handling as in kmod 31). Everything runs as the current task and costs it time.
 */
export class Libkmod {
  readonly kernel: UserKernel;
  readonly index: ModuleIndex;
  readonly #kernelDecompression: boolean;
  readonly #lists = new Map<string, readonly ProbeEntry[]>();

  constructor(kernel: UserKernel, index: ModuleIndex, options: LibkmodOptions = {}) {
    this.kernel = kernel;
    this.index = index;
    this.#kernelDecompression = options.kernelDecompression ?? true;
  }

  /** kmod_module_new_from_lookup() */
  *lookup(name: string): Coroutine<readonly ModuleRef[]> {
    yield this.kernel.engine.work(this.kernel.costs.kmod_lookup_ns);
    return this.index.lookup(name);
  }

  /** kmod_module_get_initstate(); undefined = not in the kernel. */
  *initstate(name: string, builtin: boolean): Coroutine<InitState | 'builtin' | undefined> {
    if (builtin) return 'builtin';
    const { engine, costs } = this.kernel;
    // The file is read at the end of the look-up: what holds then is what is seen.
    yield* this.kernel.sysfs(1, costs.sysfs_miss_ns);
    const state = this.kernel.initstate(name);
    if (state !== undefined) yield engine.work(costs.sysfs_read_ns - costs.sysfs_miss_ns);
    return state;
  }

  /**
   * kmod_module_probe_insert_module(): 0, a negative errno, or the KMOD_PROBE flag under which a
   * blacklist stopped it. Ends with -EINTR once the process is killed.
   */
  *probeInsert(ref: ModuleRef, flags: number, extraOptions = '', depth = 0): Coroutine<number> {
    const { index, kernel } = this;
    if (isInKernel(yield* this.initstate(ref.name, ref.builtin))) {
      return flags & KMOD_PROBE.FAIL_ON_LOADED ? -ERRNO.EEXIST : 0;
    }
    if (index.isBlacklisted(ref.name)) {
      const stopped = blacklistFlag(ref, flags);
      if (stopped !== 0) return stopped;
    }
    let list = this.#probeList(ref, (flags & KMOD_PROBE.IGNORE_COMMAND) !== 0);
    yield kernel.engine.work(list.length * kernel.costs.kmod_probe_entry_ns);
    if (flags & KMOD_PROBE.APPLY_BLACKLIST_ALL) {
      list = list.filter((entry) => !entry.blacklisted);
      if (list.length === 0) return KMOD_PROBE.APPLY_BLACKLIST_ALL;
    }
    let err = 0;
    for (const entry of list) {
      if (isInKernel(yield* this.initstate(entry.name, entry.builtin))) {
        err = -ERRNO.EEXIST;
      } else {
        const inserting = this.#insertEntry(entry, extraOptions, depth);
        err = (yield kernel.engine.enter(inserting)) as number;
      }
      if (kernel.engine.current?.pending === 'kill') return -ERRNO.EINTR;
      if (err === -ERRNO.EEXIST && entry.target && flags & KMOD_PROBE.FAIL_ON_LOADED) break;
      if (err === -ERRNO.EEXIST || !entry.required) err = 0;
      else if (err < 0) break;
    }
    return err;
  }

  #insertEntry(entry: ProbeEntry, extraOptions: string, depth: number): Coroutine<number> {
    const args = joinOptions(entry.options, entry.target ? extraOptions : '');
    const { path, install } = entry;
    return install === undefined ? this.insert(path, args) : this.#install(install, args, depth);
  }

  *#install(command: string, args: string, depth: number): Coroutine<number> {
    const status = yield* runInstallCommand(this, command, args, depth);
    return status === 0 ? 0 : -ERRNO.EINVAL;
  }

  /** kmod_module_insert_module(): 0 or a negative errno. */
  *insert(path: string | undefined, args: string): Coroutine<number> {
    const { kernel } = this;
    if (path === undefined) return -ERRNO.ENOENT;
    yield kernel.engine.work(kernel.costs.path_open_ns);
    const file = kernel.open(path);
    if (!file) return -ERRNO.ENOENT;
    const { bytes } = file.inode;
    if (bytes.length < MAGIC_BYTES) return -ERRNO.EINVAL;
    const format = moduleDecompressionFormat(bytes);
    if (format === null) return yield* kernel.finitModule(file, args, 0);
    if (this.#kernelDecompression && format === kernel.compression) {
      return yield* kernel.finitModule(file, args, COMPRESSED_FILE);
    }
    const image = yield* this.#unpack(bytes, format);
    return image ? yield* kernel.initModule(image, args, path) : -ERRNO.EINVAL;
  }

  *#unpack(bytes: Uint8Array, format: CompressionFormat): Coroutine<Uint8Array | undefined> {
    const { engine, costs } = this.kernel;
    yield engine.work(Math.ceil(bytes.length * costs.read_byte_ns));
    const image = decompressModule(bytes);
    const perByte = {
      gzip: costs.user_gunzip_byte_ns,
      xz: costs.user_unxz_byte_ns,
      zstd: costs.user_unzstd_byte_ns,
    }[format];
    yield engine.work(Math.ceil((image?.length ?? bytes.length) * perByte));
    return image;
  }

  #probeList(ref: ModuleRef, ignoreCommands: boolean): readonly ProbeEntry[] {
    const key = `${ignoreCommands ? '!' : ''}${ref.name}\\${ref.alias ?? ''}`;
    let list = this.#lists.get(key);
    if (!list) {
      list = probeList(this.index, ref, ignoreCommands);
      this.#lists.set(key, list);
    }
    return list;
  }
}

/** module_is_inkernel(): one that is still coming does not count. */
function isInKernel(state: InitState | 'builtin' | undefined): boolean {
  return state === 'live' || state === 'builtin';
}

/** Which of the given flags stops a blacklisted module, in libkmod's order; 0 = none. */
function blacklistFlag(ref: ModuleRef, flags: number): number {
  const { APPLY_BLACKLIST, APPLY_BLACKLIST_ALL, APPLY_BLACKLIST_ALIAS_ONLY } = KMOD_PROBE;
  if (ref.alias !== undefined && flags & APPLY_BLACKLIST_ALIAS_ONLY) {
    return APPLY_BLACKLIST_ALIAS_ONLY;
  }
  return flags & APPLY_BLACKLIST_ALL || flags & APPLY_BLACKLIST;
}

/** module_options_concat(): modprobe.d's options keep a blank after them. */
export function joinOptions(options: string, extra: string): string {
  return options === '' ? extra : `${options} ${extra}`;
}
