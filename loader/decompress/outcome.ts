// SPDX-License-Identifier: MIT
/** Building the results of the three decoders. */

import { type Bytes, PAGE_SIZE, type PageCount, pagesFor } from '../base/index.ts';
import {
  DEFAULT_MAX_IMAGE_BYTES,
  type DecodeOptions,
  type DecodeOutcome,
  type DecodeResult,
  type TransientAllocation,
} from './decode-result.ts';

const EMPTY = new Uint8Array(0);

/** Output pages the machine can give. */
export function pageLimit(opts: DecodeOptions): PageCount {
  return Math.max(0, Math.floor((opts.maxImageBytes ?? DEFAULT_MAX_IMAGE_BYTES) / PAGE_SIZE));
}

/** Pages a page loop has taken when `bytes` came out and the run that ends it is the last filling one. */
export function pagesTaken(bytes: Bytes): PageCount {
  return Math.max(1, pagesFor(bytes));
}

export function succeeded(
  image: Uint8Array,
  pages: PageCount,
  status: number,
  vm: readonly TransientAllocation[],
): DecodeResult {
  return { ok: true, image, pages, status, message: null, errno: 0, vm, limited: false };
}

/** A decode refused before the page loop. */
export function refused(message: string): DecodeResult {
  const outcome: DecodeOutcome = { status: null, message, errno: 22 };
  return { ok: false, image: EMPTY, pages: 0, ...outcome, vm: [], limited: false };
}

export function failed(
  outcome: DecodeOutcome,
  image: Uint8Array,
  pages: PageCount,
  vm: readonly TransientAllocation[],
): DecodeResult {
  return { ok: false, image, pages, ...outcome, vm, limited: false };
}

/** The page loop asked for one page more than the machine has: -ENOMEM, nothing printed here. */
export function outOfPages(
  image: Uint8Array,
  pages: PageCount,
  status: number | null,
  vm: readonly TransientAllocation[],
): DecodeResult {
  return { ok: false, image, pages, status, message: null, errno: 12, vm, limited: true };
}

/**
 * How the decode ends when the allocation `result.vm[index]` fails: no later page is taken and no
 * later buffer asked for. The image is not kept.
 */
export function failAtAllocation(result: DecodeResult, index: number): DecodeResult {
  const { onFailure, atPage } = result.vm[index]!;
  return failed(onFailure, EMPTY, atPage, result.vm.slice(0, index));
}
