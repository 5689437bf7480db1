// SPDX-License-Identifier: MIT
/**
 * What decoding a compressed module gives, and what it needs on the way
 * (kernel/module/decompress.c, Linux 6.12).
 */

import type { Bytes, PageCount } from '../base/index.ts';

/** The algorithms a kernel can be built with; exactly one is (`/sys/module/compression`). */
export type CompressionFormat = 'gzip' | 'xz' | 'zstd';

/** BCJ filters lib/xz knows in 6.12; each has its own Kconfig switch, all default to y. */
export type BcjFilter = 'x86' | 'powerpc' | 'arm' | 'armthumb' | 'sparc' | 'arm64' | 'riscv';

export interface DecodeOptions {
  /** `sizeof(long) * 8` of the kernel; default 32. */
  readonly wordBits?: 32 | 64;
  /** BCJ filters built in (CONFIG_XZ_DEC_*); default all seven. */
  readonly bcj?: readonly BcjFilter[];
  /**
   * Bytes of output pages the machine can give before a page allocation fails (-ENOMEM); default
   * `DEFAULT_MAX_IMAGE_BYTES`.
   */
  readonly maxImageBytes?: Bytes;
}

/** How a decode ends. */
export interface DecodeOutcome {
  /** Status of the decoder's last run in its own numbering; null when it never ran. */
  readonly status: number | null;
  /** Line printed at error level, without newline; null when nothing is printed. */
  readonly message: string | null;
  /** 0 on success, otherwise the positive errno: 22 (EINVAL) or 12 (ENOMEM). */
  readonly errno: 0 | 12 | 22;
}

/** One decoder buffer that may live in vmalloc space. */
export interface TransientAllocation {
  readonly purpose: 'dictionary' | 'workspace';
  readonly bytes: Bytes;
  /** `vmalloc` always takes address space, `kvmalloc` only when kmalloc cannot serve it. */
  readonly how: 'vmalloc' | 'kvmalloc';
  /** Output pages taken when it is made: 0 for a workspace, at least 1 for a dictionary. */
  readonly atPage: PageCount;
  /** True when the buffer before it in the list is freed first (an xz dictionary that grows). */
  readonly replaces: boolean;
  /** How the decode ends when this allocation fails. */
  readonly onFailure: DecodeOutcome;
}

export interface DecodeResult extends DecodeOutcome {
  readonly ok: boolean;
  /** Bytes decoded; on failure those that were written before it. */
  readonly image: Uint8Array;
  /** Pages taken by the page loop, one before every decoder run. */
  readonly pages: PageCount;
  /** Buffers in the order of their allocation; all are freed when the decoder ends. */
  readonly vm: readonly TransientAllocation[];
  /** True when `maxImageBytes` ended the decode. */
  readonly limited: boolean;
}

/** More than the vmalloc space of any 32-bit kernel, so that no image that can be mapped is lost. */
export const DEFAULT_MAX_IMAGE_BYTES: Bytes = 256 * 1024 * 1024;
