// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { type FileContent, Inode, type ModuleSource } from '../module/index.ts';
import type { PathKind } from './walk-path.ts';

/** What opening a path may run into. */
export type OpenResult =
  | { readonly ok: true; readonly inode: Inode }
  | { readonly ok: false; readonly errno: 'ENOENT' };

/** Something done to the guest's files between calls. */
export interface FileAction {
  readonly action: 'link' | 'copy' | 'open_write' | 'close_write';
  readonly path: string;
  /** The new name of a link or copy. */
  readonly to?: string;
}

/** Resolved paths kept at a time. */
const MAX_REMEMBERED = 65_536;

const DEVICES = ['/dev/null', '/dev/console', '/dev/kmsg'];
/** Directories that stand on every machine, by themselves or as mount points. */
const DIRECTORIES = ['/', '/proc', '/sys', '/dev', '/run', '/tmp', '/sbin', '/etc'];

/**
 * The guest's files by absolute path: module files under /lib/modules/<release>, devices, and what
 * a scenario copies or links. Every path of one file leads to the same inode.
 */
export class GuestTree {
  /** `/lib/modules/<release>` */
  readonly root: string;
  readonly #inodes = new Map<string, Inode>();
  readonly #directories = new Set<string>(DIRECTORIES);
  /** Paths resolved before: a storm asks for the same ones over and over. */
  readonly #absolute = new Map<string, string>();
  #nextIno = 2;

  constructor(release: string, source: ModuleSource) {
    this.root = `/lib/modules/${release}`;
    this.#addDirectories(`${this.root}/x`);
    for (const file of source.files) {
      let bytes: Uint8Array | undefined;
      this.add(`${this.root}/${file.path}`, {
        size: file.size,
        read: () => {
          bytes ??= file.read();
          return bytes;
        },
      });
    }
    for (const path of DEVICES) {
      this.#addDirectories(path);
      this.#inodes.set(path, this.#inode('device', { size: 0, read: () => new Uint8Array() }));
    }
  }

  /** An absolute path from one that may be relative to the modules directory. */
  absolute(path: string): string {
    let known = this.#absolute.get(path);
    if (known === undefined) {
      known = this.#resolve(path);
      if (this.#absolute.size >= MAX_REMEMBERED) this.#absolute.clear();
      this.#absolute.set(path, known);
    }
    return known;
  }

  #resolve(path: string): string {
    const full = path.startsWith('/') ? path : `${this.root}/${path}`;
    const parts: string[] = [];
    for (const part of full.split('/')) {
      if (part === '' || part === '.') continue;
      if (part === '..') parts.pop();
      else parts.push(part);
    }
    return `/${parts.join('/')}`;
  }

  /** What lies at an absolute path without `.` and `..`. */
  kindOf(path: string): PathKind {
    if (this.#inodes.has(path)) return 'file';
    return this.#directories.has(path) ? 'directory' : undefined;
  }

  open(path: string): OpenResult {
    const full = this.absolute(path);
    const inode = this.#inodes.get(full);
    if (inode) return { ok: true, inode };
    if (this.#directories.has(full)) {
      return { ok: true, inode: this.#inode('directory', { size: 4096, read: empty }) };
    }
    return { ok: false, errno: 'ENOENT' };
  }

  /** A new file; one that stood there is replaced. */
  add(path: string, content: FileContent): Inode {
    const inode = this.#inode('file', content);
    this.#put(path, inode);
    return inode;
  }

  /** Does something to a file between calls: 0 or a negative errno. */
  apply({ action, path, to }: FileAction): number {
    const inode = this.#inodes.get(this.absolute(path));
    if (!inode) return -ERRNO.ENOENT;
    switch (action) {
      case 'link':
        this.#put(to ?? path, inode);
        return 0;
      case 'copy':
        this.add(to ?? path, { size: inode.size, read: () => inode.bytes });
        return 0;
      case 'open_write':
        return inode.getWriteAccess() ? 0 : -ERRNO.ETXTBSY;
      case 'close_write':
        inode.putWriteAccess();
        return 0;
    }
  }

  /** Files and their paths, in the order they were added. */
  files(): IterableIterator<[string, Inode]> {
    return this.#inodes.entries();
  }

  get directories(): ReadonlySet<string> {
    return this.#directories;
  }

  #put(path: string, inode: Inode): void {
    const full = this.absolute(path);
    this.#addDirectories(full);
    this.#inodes.set(full, inode);
  }

  #inode(kind: Inode['kind'], content: FileContent): Inode {
    return new Inode(this.#nextIno++, kind, content);
  }

  #addDirectories(path: string): void {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const directory = path.slice(0, slash);
      if (this.#directories.has(directory)) return;
      this.#directories.add(directory);
    }
  }
}

function empty(): Uint8Array {
  return new Uint8Array();
}
