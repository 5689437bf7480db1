// SPDX-License-Identifier: MIT
/** The decoded bytes of one module, growing as a decoder writes them. */

import type { Bytes } from '../base/index.ts';

const MIN_CAPACITY = 16 * 1024;

export class ImageBuffer {
  /** Storage; only the first `length` bytes are decoded data. Replaced when it grows. */
  bytes: Uint8Array;
  length: Bytes = 0;

  constructor(expected: Bytes) {
    this.bytes = new Uint8Array(Math.max(MIN_CAPACITY, expected));
  }

  /** Makes room for `total` bytes in all; the storage at least doubles when it must grow. */
  reserve(total: Bytes): Uint8Array {
    if (total > this.bytes.length) {
      const grown = new Uint8Array(Math.max(total, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    return this.bytes;
  }

  /** The first `length` bytes, without copying. */
  image(length: Bytes = this.length): Uint8Array {
    return this.bytes.subarray(0, length);
  }
}
