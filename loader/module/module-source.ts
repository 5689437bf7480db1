// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';
import type { ElfArch } from '../elf/index.ts';
import type { KernelExports } from '../presets/index.ts';

/** One module file of a source. */
export interface ModuleFile {
  /** Path below the source's root, with `/`: `kernel/fs/xfs/xfs.ko.xz`. */
  readonly path: string;
  readonly size: Bytes;
  /** All bytes; may be called often, and need not return the same array. */
  read(): Uint8Array;
}

/** The text files of depmod(8) and modprobe.d, where a source has them. */
export interface ModuleMetadata {
  readonly dep?: string;
  readonly alias?: string;
  readonly softdep?: string;
  readonly builtin?: string;
  readonly symbols?: string;
  /** modules.order: decides which of several matches comes first. */
  readonly order?: string;
  /** modules.builtin.modinfo, as Latin-1. */
  readonly builtinModinfo?: string;
  /** modprobe.d directives without a file of their own, behind those of `modprobeFiles`. */
  readonly modprobeConf?: string;
  /** The configuration of the kernel that the modules belong to, and where it was found. */
  readonly kernelConfig?: { readonly name: string; readonly text: string };
  /** Files of modprobe.d by absolute path; those of one name hide each other by directory. */
  readonly modprobeFiles?: readonly { readonly path: string; readonly text: string }[];
}

/** The kernel that a source's modules were made for, where the source itself knows. */
export interface SourceIdentity {
  readonly arch: ElfArch;
  readonly vermagic: string;
  readonly structModuleSize: Bytes;
  readonly exports: KernelExports;
}

/**
 * Where modules come from: a directory, a bundled catalog, files dropped on a page. The seam that
 * keeps file systems out of the model.
 */
export interface ModuleSource {
  /** What to call it in results. */
  readonly name: string;
  /** Kernel release the source was made for, where its layout tells. */
  readonly release: string | undefined;
  /** Sorted by path, compared code unit by code unit. */
  readonly files: readonly ModuleFile[];
  readonly metadata: ModuleMetadata;
  /** Files that were passed over and why, one sentence each. */
  readonly problems?: readonly string[];
  /** Without it the identity is inferred from the modules. */
  readonly identity?: SourceIdentity;
}
