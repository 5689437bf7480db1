// SPDX-License-Identifier: MIT
/** CRC-64 (ECMA-182, reflected), as used by the xz format; halves of 32 bits. */

const TABLE = buildTable();

/** Low and high half of each entry, one after the other. */
function buildTable(): Uint32Array {
  const table = new Uint32Array(512);
  for (let index = 0; index < 256; index++) {
    let low = index;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = low & 1;
      low = ((low >>> 1) | (high << 31)) >>> 0;
      high >>>= 1;
      if (odd) {
        low = (low ^ 0xd7870f42) >>> 0;
        high = (high ^ 0xc96c5795) >>> 0;
      }
    }
    table[2 * index] = low;
    table[2 * index + 1] = high;
  }
  return table;
}

/** CRC-64 of `bytes[start, end)`, as its eight bytes in the file. */
export function crc64(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  let low = 0xffffffff;
  let high = 0xffffffff;
  for (let at = start; at < end; at++) {
    const index = 2 * ((low ^ bytes[at]!) & 0xff);
    low = ((low >>> 8) | (high << 24)) ^ TABLE[index]!;
    high = (high >>> 8) ^ TABLE[index + 1]!;
  }
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint32(0, ~low >>> 0, true);
  view.setUint32(4, ~high >>> 0, true);
  return out;
}
