import { ERRNO } from '../base/index.ts';
import {
  type CompressionFormat,
  moduleDecompressionFormat,
  unpackModule,
} from '../decompress/index.ts';
import type { Coroutine } from '../engine/index.ts';
import { stripModule } from './force-strip.ts';
import { PRIORITY } from './modprobe-args.ts';
import type { ProbeHost } from './modprobe-process.ts';
import type { ModuleIndex, ModuleRef } from './module-index.ts';
import { KMOD_PROBE } from './probe-flags.ts';
import { type ProbeEntry, probeList } from './probe-list.ts';
import type { InitState, UserKernel } from './user-kernel.ts';

export interface LibkmodOptions {
  /** Compressed files may go to the kernel as they are (kmod 31 and later); default true. */
  readonly kernelDecompression?: boolean;
  /** The modules directory, as paths are shown; default `/lib/modules`. */
  readonly directory?: string;
}

/** MODULE_INIT_*, include/uapi/linux/module.h, Linux 6.12 */
const IGNORE_MODVERSIONS = 1;
const IGNORE_VERMAGIC = 2;
const COMPRESSED_FILE = 4;
/** Exit code of a command when there is no shell. */
const NO_SHELL = 127;
/** Bytes libkmod looks at to tell the compression; a shorter file is refused. */
const MAGIC_BYTES = 6;

/**
 * libkmod in one or many processes: it holds nothing that changes (libkmod-module.c, kmod 30; file
 * handling as in kmod 31). Everything runs as the current task and costs it time.
 */
export class Libkmod {
  readonly kernel: UserKernel;
  readonly index: ModuleIndex;
  /** kmod_get_dirname() */
  readonly directory: string;
  readonly #options: LibkmodOptions;
  readonly #kernelDecompression: boolean;
  readonly #lists = new Map<string, readonly ProbeEntry[]>();

  constructor(kernel: UserKernel, index: ModuleIndex, options: LibkmodOptions = {}) {
    this.kernel = kernel;
    this.index = index;
    this.directory = options.directory ?? '/lib/modules';
    this.#options = options;
    this.#kernelDecompression = options.kernelDecompression ?? true;
  }

  /** The same kernel seen through other indexes or another configuration (kmod_new). */
  over(index: ModuleIndex, directory: string): Libkmod {
    return new Libkmod(this.kernel, index, { ...this.#options, directory });
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
   * blacklist stopped it. Ends with -EINTR once the process is killed. Without a `host` nothing is
   * said, and install commands fail.
   */
  *probeInsert(
    ref: ModuleRef,
    flags: number,
    extraOptions = '',
    host?: ProbeHost,
  ): Coroutine<number> {
    const { index, kernel } = this;
    const checked = (flags & KMOD_PROBE.IGNORE_LOADED) === 0;
    if (checked && isInKernel(yield* this.initstate(ref.name, ref.builtin))) {
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
      if (checked && isInKernel(yield* this.initstate(entry.name, entry.builtin))) {
        err = -ERRNO.EEXIST;
      } else {
        const args = joinOptions(entry.options, entry.target ? extraOptions : '');
        if (host) this.#show(entry, args, host);
        if ((flags & KMOD_PROBE.DRY_RUN) === 0) {
          const inserting = this.#insertEntry(entry, args, flags, host);
          err = (yield kernel.engine.enter(inserting)) as number;
        }
      }
      if (kernel.engine.current?.pending === 'kill') return -ERRNO.EINTR;
      if (err === -ERRNO.EEXIST && entry.target && flags & KMOD_PROBE.FAIL_ON_LOADED) break;
      if (err === -ERRNO.EEXIST || !entry.required) err = 0;
      else if (err < 0) break;
    }
    return err;
  }

  /** print_action(); of what has no file only a built-in module is named. */
  #show({ name, builtin, path, install }: ProbeEntry, args: string, host: ProbeHost): void {
    if (install !== undefined) host.show(`install ${install} ${args}`);
    else if (path !== undefined) host.show(`insmod ${this.directory}/${path} ${args}`);
    else if (builtin) host.show(`builtin ${name}`);
  }

  #insertEntry(
    { name, path, install }: ProbeEntry,
    args: string,
    flags: number,
    host: ProbeHost | undefined,
  ): Coroutine<number> {
    if (install !== undefined) return this.#install(install, args, name, host);
    return this.insert(name, path, args, flags, host);
  }

  /** module_do_install_commands() and command_do() */
  *#install(
    command: string,
    args: string,
    name: string,
    host: ProbeHost | undefined,
  ): Coroutine<number> {
    const text = command.replaceAll('$CMDLINE_OPTS', () => args);
    const status = host ? yield* host.runCommand(text, name) : NO_SHELL;
    if (status === 0) return 0;
    host?.library(
      PRIORITY.ERR,
      'libkmod-module.c:1047 command_do()',
      `Error running install command '${text}' for module ${name}: retcode ${status}`,
    );
    return -ERRNO.EINVAL;
  }

  /** kmod_module_insert_module(): 0 or a negative errno. */
  *insert(
    name: string,
    path: string | undefined,
    args: string,
    flags = 0,
    host?: ProbeHost,
  ): Coroutine<number> {
    const { kernel } = this;
    if (path === undefined) {
      const place = 'libkmod-module.c:895 kmod_module_insert_module()';
      host?.library(PRIORITY.ERR, place, `could not find module by name='${name}'`);
      return -ERRNO.ENOENT;
    }
    yield kernel.engine.work(kernel.costs.path_open_ns);
    const file = kernel.open(path);
    if (!file) return -ERRNO.ENOENT;
    const { bytes } = file.inode;
    if (bytes.length < MAGIC_BYTES) return -ERRNO.EINVAL;
    const strip = {
      modversions: (flags & KMOD_PROBE.FORCE_MODVERSION) !== 0,
      vermagic: (flags & KMOD_PROBE.FORCE_VERMAGIC) !== 0,
    };
    const ignored =
      (strip.modversions ? IGNORE_MODVERSIONS : 0) | (strip.vermagic ? IGNORE_VERMAGIC : 0);
    const format = moduleDecompressionFormat(bytes);
    if (format === null) return yield* kernel.finitModule(file, args, ignored);
    if (this.#kernelDecompression && format === kernel.compression) {
      return yield* kernel.finitModule(file, args, ignored | COMPRESSED_FILE);
    }
    const image = yield* this.#unpack(bytes, format, host);
    if (!image) return -ERRNO.EINVAL;
    const given = ignored === 0 ? image : stripModule(image, strip);
    return given ? yield* kernel.initModule(given, args, path) : -ERRNO.ENOEXEC;
  }

  *#unpack(
    bytes: Uint8Array,
    format: CompressionFormat,
    host: ProbeHost | undefined,
  ): Coroutine<Uint8Array | undefined> {
    const { engine, costs } = this.kernel;
    yield engine.work(Math.ceil(bytes.length * costs.read_byte_ns));
    const unpacked = unpackModule(bytes);
    const image = unpacked.ok ? unpacked.image : undefined;
    if (!unpacked.ok) host?.library(PRIORITY.ERR, unpacked.place, unpacked.message);
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
