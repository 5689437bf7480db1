// SPDX-License-Identifier: MIT
import { createFsFromVolume, type IFs, Volume } from 'memfs';
import { ERRNO, errnoName } from '../base/index.ts';
import { type GuestTree, readNow, type VirtualFiles, writeNow } from '../vfs/index.ts';

/** What a volume shows: the guest's files and the kernel's own. A SimKernel has both. */
export interface GuestFiles {
  readonly tree: GuestTree;
  readonly files: VirtualFiles;
}

/**
 * The guest's files as a memfs volume: module files, devices and the kernel's own files, readable
 * with the `fs` API by any caller and current at each call. Writing is for the kernel's writable
 * files alone; what it refuses throws with the errno as `fs` would.
 */
export function createGuestVolume(kernel: GuestFiles): IFs {
  const volume = new Volume();
  const fs = createFsFromVolume(volume);
  const view = new GuestView(kernel, volume);
  return new Proxy(fs, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (property === 'promises') return currentPromises(target, view);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        view.refresh(args[0]);
        if (CALLED_BACK.has(property)) {
          return withCallback(target, view, `${String(property)}Sync`, args, member);
        }
        const written = view.intercept(String(property), args);
        return written ? undefined : Reflect.apply(member, target, args);
      };
    },
  });
}

function currentPromises(fs: IFs, view: GuestView): unknown {
  return new Proxy(fs.promises, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        view.refresh(args[0]);
        const written = view.intercept(`${String(property)}Sync`, args);
        return written ? undefined : Reflect.apply(member, target, args);
      };
    },
  });
}

const CALLED_BACK: ReadonlySet<string | symbol> = new Set(['readFile', 'writeFile', 'appendFile']);

/** fs.writeFile(path, data[, options], callback): the kernel's answer reaches the callback. */
function withCallback(
  fs: IFs,
  view: GuestView,
  method: string,
  args: unknown[],
  member: CallableFunction,
): unknown {
  const callback = args.at(-1) as (error: Error | null) => void;
  try {
    if (!view.intercept(method, args)) return Reflect.apply(member, fs, args);
    callback(null);
  } catch (error) {
    callback(error as Error);
  }
  return undefined;
}

/** Brings what a call is about up to date just before it. */
class GuestView {
  readonly #kernel: GuestFiles;
  readonly #volume: InstanceType<typeof Volume>;
  /** Paths the volume has from the kernel's own files, which may vanish. */
  #virtual = new Set<string>();
  /** Module files by path whose bytes are in the volume. */
  readonly #filled = new Set<string>();
  #treeSize = 0;

  constructor(kernel: GuestFiles, volume: InstanceType<typeof Volume>) {
    this.#kernel = kernel;
    this.#volume = volume;
  }

  refresh(subject: unknown): void {
    if (typeof subject !== 'string') return;
    const path = this.#kernel.tree.absolute(subject);
    this.#refreshNames();
    if (this.#virtual.has(path)) {
      const content = this.#read(path);
      this.#volume.writeFileSync(path, typeof content === 'string' ? content : '');
    } else if (!this.#filled.has(path)) {
      const opened = this.#kernel.tree.open(path);
      if (opened.ok && opened.inode.kind === 'file') {
        this.#volume.writeFileSync(path, opened.inode.bytes);
        this.#filled.add(path);
      }
    }
  }

  /**
   * Turns a write to one of the kernel's files into the kernel's own; true when it was one. Reading
   * one throws when the kernel refuses.
   */
  intercept(method: string, args: readonly unknown[]): boolean {
    const path = this.#kernel.tree.absolute(String(args[0]));
    if (method === 'readFileSync') {
      const content = this.#read(path);
      if (typeof content === 'number') throw fsError('read', path, content);
    }
    if (method !== 'writeFileSync' && method !== 'appendFileSync') return false;
    const file = this.#virtual.has(path) ? this.#kernel.files.get(path) : undefined;
    const taken = file ? writeNow(file, String(args[1])) : -ERRNO.EACCES;
    if (taken >= 0) return true;
    throw fsError('write', path, taken);
  }

  /** The text of one of the kernel's own files or its errno; an empty text for any other path. */
  #read(path: string): string | number {
    const file = this.#virtual.has(path) ? this.#kernel.files.get(path) : undefined;
    return file ? readNow(file) : '';
  }

  #refreshNames(): void {
    const now = new Set(this.#kernel.files.paths());
    for (const path of this.#virtual) {
      if (!now.has(path)) this.#volume.rmSync(path);
    }
    for (const path of now) {
      if (!this.#virtual.has(path)) this.#touch(path);
    }
    for (const path of this.#virtual) {
      if (now.has(path)) continue;
      const directory = path.slice(0, path.lastIndexOf('/'));
      if ((this.#volume.readdirSync(directory) as string[]).length === 0) {
        this.#volume.rmdirSync(directory);
      }
    }
    this.#virtual = now;
    const files = [...this.#kernel.tree.files()];
    if (files.length === this.#treeSize) return;
    this.#treeSize = files.length;
    for (const [path] of files) {
      if (!this.#volume.existsSync(path)) this.#touch(path);
    }
  }

  #touch(path: string): void {
    this.#volume.mkdirSync(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true });
    this.#volume.writeFileSync(path, '');
  }
}

function fsError(syscall: string, path: string, errno: number): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, errno, path });
}
