// SPDX-License-Identifier: MIT
/**
 * A file as the loader sees it: an identity, a size, bytes, and who keeps whom from writing
 * (struct inode: i_ino, i_size, i_writecount).
 */
import type { Bytes } from '../base/index.ts';

export type InodeKind = 'file' | 'directory' | 'device';

/** Where the bytes of a file come from; asked once, when they are first needed. */
export interface FileContent {
  readonly size: Bytes;
  read(): Uint8Array;
}

export class Inode {
  readonly ino: number;
  readonly kind: InodeKind;
  readonly #content: FileContent;
  #bytes: Uint8Array | undefined;
  /** > 0: that many writers; < 0: that many loaders deny writing. */
  #writeCount = 0;

  constructor(ino: number, kind: InodeKind, content: FileContent) {
    this.ino = ino;
    this.kind = kind;
    this.#content = content;
  }

  get size(): Bytes {
    return this.#bytes?.length ?? this.#content.size;
  }

  /** The same array at each call, so that what is derived from it can be remembered. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#content.read();
    return this.#bytes;
  }

  get writeDenied(): boolean {
    return this.#writeCount < 0;
  }

  /** get_write_access(): false while loading denies it (-ETXTBSY). */
  getWriteAccess(): boolean {
    if (this.#writeCount < 0) return false;
    this.#writeCount += 1;
    return true;
  }

  putWriteAccess(): void {
    this.#writeCount -= 1;
  }

  /** deny_write_access(): shared by loaders, refused while a writer has the file. */
  denyWriteAccess(): boolean {
    if (this.#writeCount > 0) return false;
    this.#writeCount -= 1;
    return true;
  }

  /** exclusive_deny_write_access(): refused by writers and by other loaders (v6.4-rc4). */
  exclusiveDenyWriteAccess(): boolean {
    if (this.#writeCount !== 0) return false;
    this.#writeCount -= 1;
    return true;
  }

  allowWriteAccess(): void {
    this.#writeCount += 1;
  }
}
