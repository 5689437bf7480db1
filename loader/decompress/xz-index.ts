// SPDX-License-Identifier: MIT
/** The index at the end of an xz stream (xz file format, section 4), checked against the blocks. */

import { crc32 } from './crc32.ts';
import { readXzInteger } from './xz-block-header.ts';
import { XZ_DATA_ERROR, XZ_OK, XZ_STREAM_END } from './xz-status.ts';

const MASK_64 = (1n << 64n) - 1n;

/** Sums and a running CRC over the sizes of all blocks: what the index is compared by. */
class SizeHash {
  #unpadded = 0n;
  #uncompressed = 0n;
  #crc = 0;
  readonly #record = new DataView(new ArrayBuffer(20));

  add(unpadded: bigint, uncompressed: bigint): void {
    this.#unpadded = (this.#unpadded + unpadded) & MASK_64;
    this.#uncompressed = (this.#uncompressed + uncompressed) & MASK_64;
    this.#record.setBigUint64(0, this.#unpadded, true);
    this.#record.setBigUint64(8, this.#uncompressed, true);
    this.#record.setUint32(16, this.#crc, true);
    this.#crc = crc32(new Uint8Array(this.#record.buffer), 0, 20, this.#crc);
  }

  equals(other: SizeHash): boolean {
    return (
      this.#unpadded === other.#unpadded &&
      this.#uncompressed === other.#uncompressed &&
      this.#crc === other.#crc
    );
  }
}

export class XzIndex {
  #blocks = 0n;
  readonly #expected = new SizeHash();
  /** Bytes of the index without its CRC, known once `check` has succeeded. */
  size = 0;

  /** Notes a decoded block: header, data and check together, and what came out. */
  addBlock(unpadded: number, uncompressed: number): void {
    this.#blocks++;
    this.#expected.add(BigInt(unpadded), BigInt(uncompressed));
  }

  /** Checks the index that begins at `start` (its zero byte); OK means the file is cut short. */
  check(bytes: Uint8Array, start: number, end: number): number {
    const count = readXzInteger(bytes, start + 1, end);
    if (count.next < 0) return count.cut ? XZ_OK : XZ_DATA_ERROR;
    if (count.value !== this.#blocks) return XZ_DATA_ERROR;
    const found = new SizeHash();
    let at = count.next;
    for (let left = this.#blocks; left > 0n; left--) {
      const unpadded = readXzInteger(bytes, at, end);
      if (unpadded.next < 0) return unpadded.cut ? XZ_OK : XZ_DATA_ERROR;
      const uncompressed = readXzInteger(bytes, unpadded.next, end);
      if (uncompressed.next < 0) return uncompressed.cut ? XZ_OK : XZ_DATA_ERROR;
      found.add(unpadded.value, uncompressed.value);
      at = uncompressed.next;
    }
    for (; (at - start) & 3; at++) {
      if (at >= end) return XZ_OK;
      if (bytes[at] !== 0) return XZ_DATA_ERROR;
    }
    if (!found.equals(this.#expected)) return XZ_DATA_ERROR;
    this.size = at - start;
    return checkCrc(bytes, at, end, crc32(bytes, start, at));
  }
}

/** Compares the four bytes at `at` one by one, as far as there are any. */
export function checkCrc(bytes: Uint8Array, at: number, end: number, crc: number): number {
  for (let index = 0; index < 4; index++) {
    if (at + index >= end) return XZ_OK;
    if (bytes[at + index] !== ((crc >>> (8 * index)) & 0xff)) return XZ_DATA_ERROR;
  }
  return XZ_STREAM_END;
}
