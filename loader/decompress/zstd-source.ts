// SPDX-License-Identifier: MIT
/** The compressed bytes with room to read four at a time past their end. */

const PADDING = 16;

export class ZstdSource {
  /** The file followed by zeros; places are file offsets. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes of the file itself. */
  readonly end: number;

  constructor(file: Uint8Array) {
    this.bytes = new Uint8Array(file.length + PADDING);
    this.bytes.set(file);
    this.view = new DataView(this.bytes.buffer);
    this.end = file.length;
  }

  little16(at: number): number {
    return this.view.getUint16(at, true);
  }

  little24(at: number): number {
    return this.view.getUint32(at, true) & 0xffffff;
  }

  little32(at: number): number {
    return this.view.getUint32(at, true);
  }
}
