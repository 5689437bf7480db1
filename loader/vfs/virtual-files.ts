// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import {
  type Module,
  type ModuleContext,
  moduleAddress,
  paramAttrShow,
  paramAttrStore,
  paramFiles,
  paramOfFile,
  paramReadable,
  paramWritable,
  procModules,
} from '../module/index.ts';
import { COUNTER_NAMES, statsText } from '../stats/index.ts';
import { type PlainText, plainFile, type VirtualFile } from './virtual-file.ts';

export interface VirtualFilesOptions {
  readonly kmsg: () => string;
  /** /proc/cmdline, without its newline. */
  readonly commandLine: string;
  readonly modprobePath: VirtualFile;
  readonly dupsTrace: VirtualFile;
  readonly modulesDisabled: VirtualFile;
}

const DEBUG_MODULES = '/sys/kernel/debug/modules';

/** The kernel's own files, as far as the model knows their contents. */
export class VirtualFiles {
  readonly #ctx: ModuleContext;
  readonly #fixed = new Map<string, VirtualFile>();
  readonly #standIns = new Map<string, VirtualFile>();
  readonly #providers: ((path: string) => VirtualFile | undefined)[] = [];
  #kptrRestrict = 0;

  constructor(ctx: ModuleContext, options: VirtualFilesOptions) {
    this.#ctx = ctx;
    const text = (path: string, read: () => string): void => {
      this.#fixed.set(path, plainFile({ read }));
    };
    text('/proc/modules', () => procModules(ctx, this.#showAddresses));
    this.#fixed.set(
      '/proc/sys/kernel/kptr_restrict',
      plainFile({
        read: () => `${this.#kptrRestrict}\n`,
        write: (value) => this.#restrict(value),
      }),
    );
    text('/proc/vmallocinfo', () => ctx.space.vmallocinfo());
    text('/proc/meminfo', () => ctx.space.meminfo());
    text('/proc/cmdline', () => `${options.commandLine}\n`);
    text('/dev/kmsg', options.kmsg);
    this.#fixed.set('/proc/sys/kernel/modprobe', options.modprobePath);
    this.#fixed.set('/proc/sys/kernel/modules_disabled', options.modulesDisabled);
    // Model: cannot be written; the kernel adds what is written to the mask (proc_taint, kernel/sysctl.c).
    text('/proc/sys/kernel/tainted', () => `${ctx.taint.mask}\n`);
    if (ctx.features.compression !== 'none') {
      text('/sys/module/compression', () => `${ctx.features.compression}\n`);
    }
    if (ctx.features.dups !== 'off') {
      this.#fixed.set('/sys/module/module/parameters/enable_dups_trace', options.dupsTrace);
    }
    if (ctx.features.stats) {
      text(`${DEBUG_MODULES}/stats`, () => statsText(ctx.stats));
      for (const name of COUNTER_NAMES) {
        text(`${DEBUG_MODULES}/${name}`, () => `${ctx.stats.shown(name)}\n`);
      }
    }
  }

  /** Stands in for the file of a parameter whose working the caller knows, while it is there. */
  add(path: string, file: VirtualFile): void {
    this.#standIns.set(path, file);
  }

  /** Files of a device: `find` gives the one of a path, while it is there. */
  provide(find: (path: string) => VirtualFile | undefined): void {
    this.#providers.push(find);
  }

  get(path: string): VirtualFile | undefined {
    const fixed = this.#fixed.get(path);
    if (fixed) return fixed;
    if (path.startsWith('/sys/module/')) {
      const shown = this.#moduleFile(path) ?? this.#sectionFile(path);
      return shown ? plainFile(shown) : this.#parameterFile(path);
    }
    for (const find of this.#providers) {
      const file = find(path);
      if (file) return file;
    }
    return undefined;
  }

  /** Every path that exists now. */
  *paths(): Generator<string> {
    yield* this.#fixed.keys();
    for (const mod of this.#ctx.modules.newestFirst()) {
      if (!mod.inSysfs) continue;
      for (const file of ['coresize', 'initsize', 'initstate', 'refcnt', 'taint']) {
        yield `/sys/module/${mod.name}/${file}`;
      }
      for (const file of paramFiles(this.#ctx, mod)) {
        yield `/sys/module/${mod.name}/parameters/${file}`;
      }
    }
  }

  /**
   * kallsyms_show_value().
   * Model: readers have CAP_SYSLOG, so only a kptr_restrict of 2 hides addresses from them.
   */
  get #showAddresses(): boolean {
    return this.#kptrRestrict < 2;
  }

  #restrict(value: string): number {
    if (!/^[012]\n?$/.test(value)) return -ERRNO.EINVAL;
    this.#kptrRestrict = Number.parseInt(value, 10);
    return 0;
  }

  #inSysfs(name: string): Module | undefined {
    const mod = this.#ctx.modules.findFormed(name);
    return mod?.inSysfs ? mod : undefined;
  }

  /** /sys/module/<name>/parameters/… */
  #parameterFile(path: string): VirtualFile | undefined {
    const match = /^\/sys\/module\/([^/]+)\/parameters\/([^/]+)$/.exec(path);
    const mod = match ? this.#inSysfs(match[1]!) : undefined;
    const param = mod && paramOfFile(this.#ctx, mod, match![2]!);
    if (!mod || !param) return undefined;
    const standIn = this.#standIns.get(path);
    if (standIn) return standIn;
    const write = (text: string): number => paramAttrStore(this.#ctx, mod, param, text);
    return plainFile({
      read: () => (paramReadable(param) ? paramAttrShow(mod, param) : -ERRNO.EACCES),
      ...(paramWritable(param) ? { write } : {}),
    });
  }

  /** /sys/module/<name>/sections/.text */
  #sectionFile(path: string): PlainText | undefined {
    const match = /^\/sys\/module\/([^/]+)\/sections\/\.text$/.exec(path);
    const mod = match ? this.#inSysfs(match[1]!) : undefined;
    if (!mod) return undefined;
    return { read: () => `0x${moduleAddress(this.#ctx, mod, this.#showAddresses)}\n` };
  }

  /** /sys/module/<name>/…, kernel/module/sysfs.c and main.c, Linux 6.12 */
  #moduleFile(path: string): PlainText | undefined {
    const match = /^\/sys\/module\/([^/]+)\/([a-z]+)$/.exec(path);
    if (!match) return undefined;
    const mod = this.#inSysfs(match[1]!);
    if (!mod) return undefined;
    switch (match[2]) {
      case 'initstate':
        return { read: () => `${mod.state}\n` };
      case 'coresize':
        return { read: () => `${mod.coreSize}\n` };
      case 'initsize':
        return { read: () => `${mod.initSize}\n` };
      case 'refcnt':
        return { read: () => `${mod.users}\n` };
      case 'taint':
        return { read: () => `${mod.taintLetters}\n` };
      default:
        return undefined;
    }
  }
}
