// SPDX-License-Identifier: MIT
/**
 * Multiboot 1 images as v86 boots them without a BIOS. v86 reports nothing about an image it
 * cannot boot and runs zeros instead, so everything it relies on is checked here.
 * https://www.gnu.org/software/grub/manual/multiboot/multiboot.html, sections 3.1 and 3.2.
 */

/** What the header asks for. */
export interface MultibootImage {
  /** Offset of the header in the file. */
  readonly offset: number;
  readonly loadAddress: number;
  /** First byte after the loaded part. */
  readonly loadEnd: number;
  /** First byte after what the guest needs: the end of its bss. */
  readonly end: number;
  readonly entry: number;
}

export type MultibootResult =
  | { readonly ok: true; readonly image: MultibootImage }
  | { readonly ok: false; readonly message: string };

const MAGIC = 0x1badb002;
/** The header lies in the first 8 KiB, on a 4-byte boundary. */
const SEARCH_BYTES = 8192;
const HEADER_BYTES = 32;
const FLAG_ADDRESSES = 1 << 16;
/** Page-aligned modules and a memory map, which v86 gives anyway. */
const FLAGS_KNOWN = FLAG_ADDRESSES | 3;
const LOW_LIMIT = 0x100000;

/** Checks that v86 can boot `file` in `memoryBytes` of memory. */
export function readMultiboot(file: Uint8Array, memoryBytes: number): MultibootResult {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const last = Math.min(file.length, SEARCH_BYTES) - 12;
  for (let offset = 0; offset <= last; offset += 4) {
    if (view.getUint32(offset, true) !== MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    const checksum = view.getUint32(offset + 8, true);
    if (((MAGIC + flags + checksum) | 0) !== 0) {
      return fail(offset + 8, 'checksum', hex((0 - MAGIC - flags) >>> 0), hex(checksum));
    }
    if ((flags & ~FLAGS_KNOWN) !== 0) {
      return fail(offset + 4, 'flags', 'no bits but 0, 1 and 16', hex(flags));
    }
    if ((flags & FLAG_ADDRESSES) === 0) {
      return fail(offset + 4, 'flags', 'bit 16, load addresses in the header', hex(flags));
    }
    if (offset + HEADER_BYTES > file.length) {
      return fail(offset, 'header', `${HEADER_BYTES} bytes`, `${file.length - offset}`);
    }
    return checkAddresses(view, offset, memoryBytes);
  }
  return fail(0, 'magic', `${hex(MAGIC)} in the first ${SEARCH_BYTES} bytes`, 'none');
}

function checkAddresses(view: DataView, offset: number, memoryBytes: number): MultibootResult {
  const headerAddress = view.getUint32(offset + 12, true);
  const loadAddress = view.getUint32(offset + 16, true);
  const loadEndField = view.getUint32(offset + 20, true);
  const bssEnd = view.getUint32(offset + 24, true);
  const entry = view.getUint32(offset + 28, true);
  const fileStart = offset - (headerAddress - loadAddress);
  if (headerAddress < loadAddress || fileStart < 0) {
    return fail(
      offset + 12,
      'header address',
      `${hex(loadAddress)} + ${offset} at most`,
      hex(headerAddress),
    );
  }
  const loadEnd = loadEndField === 0 ? loadAddress + view.byteLength - fileStart : loadEndField;
  if (loadEnd <= loadAddress || loadEnd - loadAddress > view.byteLength - fileStart) {
    return fail(
      offset + 20,
      'load end',
      `above ${hex(loadAddress)}, at most ${hex(loadAddress + view.byteLength - fileStart)}`,
      hex(loadEnd),
    );
  }
  if (loadAddress < LOW_LIMIT) {
    return fail(offset + 16, 'load address', `${hex(LOW_LIMIT)} or above`, hex(loadAddress));
  }
  const end = Math.max(loadEnd, bssEnd);
  if (end > memoryBytes) {
    return fail(offset + 24, 'end of the image in memory', `${hex(memoryBytes)} at most`, hex(end));
  }
  if (entry < loadAddress || entry >= loadEnd) {
    return fail(offset + 28, 'entry', `${hex(loadAddress)} to ${hex(loadEnd - 1)}`, hex(entry));
  }
  return { ok: true, image: { offset, loadAddress, loadEnd, end, entry } };
}

function fail(offset: number, what: string, expected: string, found: string): MultibootResult {
  return {
    ok: false,
    message: `multiboot ${what} at offset ${offset}: expected ${expected}, found ${found}`,
  };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
