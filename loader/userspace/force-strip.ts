// SPDX-License-Identifier: MIT
/**
 * What `modprobe --force` takes out of an image before init_module(2), which has no flags for it
 * (kmod_elf_strip_section, kmod_elf_strip_vermagic, libkmod-elf.c, kmod 30).
 */
import { ElfView, hasPrefix, insideFile } from '../elf/index.ts';

const SHF_ALLOC = 2;
const VERMAGIC = 'vermagic=';

export interface StripChoice {
  readonly modversions: boolean;
  readonly vermagic: boolean;
}

/** A changed copy; undefined when the image is no ELF file. */
export function stripModule(image: Uint8Array, choice: StripChoice): Uint8Array | undefined {
  if (!hasPrefix(image, 0, '\x7fELF')) return undefined;
  const copy = image.slice();
  const view = new ElfView(copy, copy[4] === 1 ? 32 : 64);
  const { shoff, shnum } = view.header;
  if (shoff + shnum * view.cls.shdr > copy.length) return undefined;
  for (let i = 1; i < shnum; i += 1) {
    if (!insideFile(view, i)) continue;
    // The lowest byte of sh_flags, the third word of a header on either class.
    if (choice.modversions && view.nameIs(i, '__versions')) {
      const at = shoff + i * view.cls.shdr + 8;
      copy[at] = copy[at]! & ~SHF_ALLOC;
    }
    if (choice.vermagic && view.nameIs(i, '.modinfo')) {
      clearVermagic(copy, view.shOffset(i), view.shOffset(i) + view.shSize(i));
    }
  }
  return copy;
}

/** Zeroes the first `vermagic=…` of a .modinfo section. */
function clearVermagic(bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; ) {
    let next = bytes.indexOf(0, at);
    if (next < 0 || next > end) next = end;
    if (hasPrefix(bytes, at, VERMAGIC)) {
      bytes.fill(0, at, next);
      return;
    }
    at = next + 1;
  }
}
