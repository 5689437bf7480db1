// SPDX-License-Identifier: MIT
import { type Coroutine, LOG_LEVEL, type Printk } from '../engine/index.ts';
import type { RequestModule } from './request-module.ts';

/** A registered file system. */
export interface FileSystemType {
  readonly name: string;
  /** FS_HAS_SUBTYPE: `fuse.sshfs` is a `fuse`. */
  readonly hasSubtype: boolean;
  /** try_module_get() on its owner, for the function named; a built-in one always succeeds. */
  tryModuleGet(callSite: string): boolean;
  modulePut(callSite: string): void;
}

/** The list behind /proc/filesystems; which modules register what is the kernel's business. */
export interface FileSystemTable {
  find(name: string): FileSystemType | undefined;
}

/** get_fs_type() (fs/filesystems.c, Linux 6.12). */
export class FileSystemTypes {
  readonly #table: FileSystemTable;
  readonly #requestModule: RequestModule;
  readonly #log: Printk;
  #warned = false;

  constructor(table: FileSystemTable, requestModule: RequestModule, log: Printk) {
    this.#table = table;
    this.#requestModule = requestModule;
    this.#log = log;
  }

  /** The type with a reference to its module, loaded first when it is not registered. */
  *getFsType(fullName: string): Coroutine<FileSystemType | undefined> {
    const dot = fullName.indexOf('.');
    const name = dot < 0 ? fullName : fullName.slice(0, dot);
    let type = this.#get(name);
    if (!type) {
      const call = { name: `fs-${name}`, wait: true, callSite: 'get_fs_type' };
      if ((yield* this.#requestModule.request(call)) === 0) {
        type = this.#get(name);
        if (!type) this.#warnOnce(name);
      }
    }
    if (type && dot >= 0 && !type.hasSubtype) {
      type.modulePut('get_fs_type');
      return undefined;
    }
    return type;
  }

  #get(name: string): FileSystemType | undefined {
    const type = this.#table.find(name);
    return type?.tryModuleGet('__get_fs_type') ? type : undefined;
  }

  #warnOnce(name: string): void {
    if (this.#warned) return;
    this.#warned = true;
    const text = `request_module fs-${name} succeeded, but still no fs?`;
    this.#log.print(LOG_LEVEL.WARNING, text);
  }
}
