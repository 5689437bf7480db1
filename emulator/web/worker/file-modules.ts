// SPDX-License-Identifier: MIT
/** A folder of modules given to the page, read file by file when the loader asks. */
import type { ModuleFile, ModuleMetadata, ModuleSource } from '../../../loader/module/index.ts';
import type { GivenFile } from '../messages.ts';

const MODULE_NAME = /[^/]\.ko(\.gz|\.xz|\.zst)?$/;
const RELEASE_NAME = /^\d+\.\d+[\w.+~-]*$/;

/** What only workers have: reading a file without waiting for it. */
declare class FileReaderSync {
  readAsArrayBuffer(file: Blob): ArrayBuffer;
  readAsText(file: Blob, encoding?: string): string;
}

/** The text file each part of the metadata is in. */
const TEXTS: Readonly<
  Record<Exclude<keyof ModuleMetadata, 'modprobeConf' | 'modprobeFiles' | 'kernelConfig'>, string>
> = {
  dep: 'modules.dep',
  alias: 'modules.alias',
  softdep: 'modules.softdep',
  builtin: 'modules.builtin',
  symbols: 'modules.symbols',
  order: 'modules.order',
  builtinModinfo: 'modules.builtin.modinfo',
};

export function isModuleName(path: string): boolean {
  return MODULE_NAME.test(path);
}

export class FileModules implements ModuleSource {
  readonly name: string;
  readonly release: string | undefined;
  readonly files: readonly ModuleFile[];
  readonly metadata: ModuleMetadata;

  constructor(given: readonly GivenFile[]) {
    const modules = given.filter(({ path }) => isModuleName(path));
    const root = commonFolder(modules.map(({ path }) => path));
    const folder = root.split('/').at(-2);
    this.name = folder ?? 'dropped files';
    this.release = folder !== undefined && RELEASE_NAME.test(folder) ? folder : undefined;
    this.files = modules
      .map(({ path, file }) => new DroppedModule(path.slice(root.length), file))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const texts = Object.entries(TEXTS).map(([key, name]) => {
      const found = given.find(({ path }) => path === root + name);
      const encoding = key === 'builtinModinfo' ? 'latin1' : 'utf-8';
      return found ? { [key]: new FileReaderSync().readAsText(found.file, encoding) } : {};
    });
    this.metadata = Object.assign({}, ...texts);
  }
}

class DroppedModule implements ModuleFile {
  readonly path: string;
  readonly size: number;
  readonly #file: Blob;

  constructor(path: string, file: Blob) {
    this.path = path;
    this.size = file.size;
    this.#file = file;
  }

  read(): Uint8Array {
    return new Uint8Array(new FileReaderSync().readAsArrayBuffer(this.#file));
  }
}

/** The folder all paths share, with its last `/`; cut before `kernel/`, as modules.dep counts. */
function commonFolder(paths: readonly string[]): string {
  let folder = paths[0]?.slice(0, paths[0].lastIndexOf('/') + 1) ?? '';
  while (!paths.every((path) => path.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  }
  const kernel = `/${folder}`.indexOf('/kernel/');
  return kernel < 0 ? folder : folder.slice(0, kernel);
}
