// SPDX-License-Identifier: MIT
/** What kmod's programs print, from the model's view of the guest's modules. */

import { decompressModule } from '../../loader/decompress/index.ts';
import { extractModinfo } from '../../loader/elf/index.ts';
import type { PreparedRun } from '../../loader/scenario/index.ts';

/** Texts end in newlines; undefined where kmod finds no module. */
export interface ModelTexts {
  /** `modprobe --show-depends NAME [PARAMETERS]` */
  depends(name: string, parameters: string): string | undefined;
  modinfo(name: string): string | undefined;
  /** One name a line, in the order of the modules directory. */
  names(): string;
  notFound(name: string): string;
  modprobeFailure(name: string): string;
}

export function modelTexts({ kernel }: PreparedRun): ModelTexts {
  const { tree } = kernel;
  const index = () => kernel.options.moduleIndex();
  const notFound = (name: string): string =>
    `modprobe: FATAL: Module ${name} not found in directory ${tree.root}\n`;
  return {
    notFound,
    modprobeFailure: (name) =>
      index().lookup(name).length === 0
        ? notFound(name)
        : `modprobe: ERROR: could not insert '${name}' (see modstorm dmesg)\n`,
    depends(name, parameters) {
      const refs = index().lookup(name);
      if (refs.length === 0) return undefined;
      const lines = new Set<string>();
      for (const ref of refs) {
        if (ref.builtin) lines.add(`builtin ${ref.name}`);
        const module = index().module(ref.name);
        for (const needed of [...(module?.dependencies ?? []), ref.name]) {
          const path = index().module(needed)?.path;
          if (path === undefined) continue;
          const own = needed === ref.name;
          const options = [index().options({ ...ref, name: needed }), own ? parameters : ''];
          const text = options.filter((part) => part !== '').join(' ');
          lines.add(`insmod ${tree.root}/${path} ${text}`);
        }
      }
      return [...lines].map((line) => `${line}\n`).join('');
    },
    modinfo(name) {
      const byPath = name.includes('/') ? tree.absolute(name) : undefined;
      const paths =
        byPath !== undefined
          ? [byPath]
          : index()
              .lookup(name)
              .flatMap((ref) => index().module(ref.name)?.path ?? [])
              .map((path) => `${tree.root}/${path}`);
      const texts = paths.map((path) => modinfoOf(path));
      return texts.length === 0 || texts.includes(undefined) ? undefined : texts.join('');
    },
    names: () => [...index().modules].map((module) => `${module.name}\n`).join(''),
  };

  function modinfoOf(path: string): string | undefined {
    const opened = tree.open(path);
    if (!opened.ok) return undefined;
    const image = decompressModule(opened.inode.bytes);
    const modinfo = image && extractModinfo(image)?.modinfo;
    if (!modinfo) return undefined;
    const rows = [['filename', path] as const, ...modinfo];
    return rows.map(([tag, value]) => `${`${tag}:`.padEnd(16)}${value}\n`).join('');
  }
}
