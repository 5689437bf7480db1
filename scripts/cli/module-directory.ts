/** Modules of a directory or a single file on disk, with what depmod and modprobe.d say of them. */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Bytes } from '../../loader/base/index.ts';
import { decompressModule } from '../../loader/decompress/index.ts';
import { extractModinfo } from '../../loader/elf/index.ts';
import type { ModuleFile, ModuleMetadata, ModuleSource } from '../../loader/module/index.ts';
import { InputError } from './input-error.ts';
import { findKernelConfig } from './kernel-config-file.ts';
import { readModuleMetadata } from './module-metadata.ts';
import {
  type FoundFile,
  findModuleFiles,
  isModuleName,
  MODULE_SUFFIX_TEXT,
  unreadable,
} from './module-walk.ts';

const EXPECTED = `a directory of modules, or a ${MODULE_SUFFIX_TEXT} file`;
/** How a directory of one kernel's modules is called. */
const RELEASE_NAME = /^\d+\.\d+[\w.+~-]*$/;
/** Modules looked at for a vermagic when the directory's name does not tell the release. */
const VERMAGIC_TRIES = 8;
/** Largest file the kernel reads (INT_MAX, kernel_read_file): larger ones are listed, not read. */
const MAX_READ: Bytes = 0x7fff_ffff;

/**
 * Opens a directory of modules: any directory (searched below), one that holds
 * `lib/modules/RELEASE` or `usr/lib/modules/RELEASE`, `/lib/modules` itself with one release in it,
 * or a single module file. Files are read when asked for, and must then be as long as they were
 * when listed. Throws an InputError for whatever cannot be used.
 */
export function openModuleDirectory(path: string): ModuleSource {
  const stats = statInput(path);
  if (stats.isFile()) return openSingleFile(path, stats.size);
  if (!stats.isDirectory()) {
    throw new InputError({ file: path, expected: EXPECTED, found: 'neither file nor directory' });
  }
  const { root, top } = findReleaseRoot(path);
  const { files: found, problems } = findModuleFiles(root);
  if (found.length === 0) {
    throw new InputError({
      file: path,
      expected: `at least one ${MODULE_SUFFIX_TEXT} file`,
      found: problems[0] ?? 'no modules',
    });
  }
  const files = found.map((file) => new DiskFile(root, file));
  const name = basename(resolve(root));
  const release = RELEASE_NAME.test(name) ? name : releaseOf(files);
  const kernelConfig = findKernelConfig(root, top, release);
  return {
    name: path,
    release,
    files,
    metadata: {
      ...readModuleMetadata(root, top),
      ...(kernelConfig === undefined ? {} : { kernelConfig }),
    },
    ...(problems.length === 0 ? {} : { problems }),
  };
}

function openSingleFile(path: string, size: Bytes): ModuleSource {
  const name = basename(path);
  if (!isModuleName(name)) {
    throw new InputError({ file: path, expected: EXPECTED, found: `a file called ${name}` });
  }
  const files = [new DiskFile(dirname(path), { path: name, size })];
  const metadata: ModuleMetadata = {};
  return { name: path, release: releaseOf(files), files, metadata };
}

function statInput(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unreadable(path, EXPECTED, error);
  }
}

/**
 * Where the modules of one release lie, and the root of the file tree they belong to (where it may
 * have `etc/modprobe.d`).
 */
function findReleaseRoot(path: string): { root: string; top: string } {
  for (const place of ['lib/modules', 'usr/lib/modules', '.']) {
    const releases = releasesIn(join(path, place));
    if (releases.length === 0) continue;
    if (releases.length > 1) {
      throw new InputError({
        file: path,
        expected: `the modules of one kernel, such as ${join(path, place, releases[0]!)}`,
        found: `those of ${releases.length}: ${releases.join(', ')}`,
      });
    }
    return { root: join(path, place, releases[0]!), top: path };
  }
  return { root: path, top: path };
}

/** Directories named like a kernel release that look like depmod's or modules_install's. */
function releasesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries
      .filter(({ name }) => RELEASE_NAME.test(name) && isReleaseDirectory(join(directory, name)))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

function isReleaseDirectory(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => name === 'kernel' || name.startsWith('modules.'));
  } catch {
    return false;
  }
}

/** The first word of the first vermagic found. */
function releaseOf(files: readonly ModuleFile[]): string | undefined {
  for (const file of files.filter(({ size }) => size <= MAX_READ).slice(0, VERMAGIC_TRIES)) {
    const image = decompressModule(file.read());
    const modinfo = image && extractModinfo(image)?.modinfo;
    const vermagic = modinfo?.find(([tag]) => tag === 'vermagic')?.[1];
    const release = vermagic?.split(' ')[0];
    if (release) return release;
  }
  return undefined;
}

class DiskFile implements ModuleFile {
  readonly path: string;
  readonly size: Bytes;
  readonly #root: string;

  constructor(root: string, found: FoundFile) {
    this.#root = root;
    this.path = found.path;
    this.size = found.size;
  }

  read(): Uint8Array {
    const file = join(this.#root, this.path);
    if (this.size > MAX_READ) {
      throw new InputError({ file, expected: 'at most 2 GiB', found: `${this.size} bytes` });
    }
    let bytes: Uint8Array;
    try {
      bytes = readWhole(file, this.size);
    } catch (error) {
      throw unreadable(file, `a module file of ${this.size} bytes`, error);
    }
    if (bytes.length === this.size) return bytes;
    const found = bytes.length < this.size ? `only ${bytes.length}` : 'more';
    throw new InputError({ file, expected: `${this.size} bytes, as when listed`, found });
  }
}

/** The file's bytes: `size` of them, fewer if it is shorter, one more if it is longer. */
function readWhole(file: string, size: Bytes): Uint8Array {
  const fd = openSync(file, 'r');
  try {
    const now = fstatSync(fd);
    if (!now.isFile()) throw Object.assign(new Error('not a file'), { code: 'not a regular file' });
    const bytes = new Uint8Array(size + 1);
    let at = 0;
    while (at <= size) {
      const count = readSync(fd, bytes, at, size + 1 - at, null);
      if (count === 0) break;
      at += count;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(fd);
  }
}
