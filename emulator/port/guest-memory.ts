// SPDX-License-Identifier: MIT
/** The port's view of guest RAM, by physical address. */
export interface GuestMemory {
  /** Bytes of memory, from address 0. */
  readonly size: number;
  /** True when every byte of the range is RAM. Never throws. */
  contains(address: number, length: number): boolean;
  /** An aligned word. Outside RAM: throws. */
  readU32(address: number): number;
  /** An aligned word. Outside RAM: throws. */
  writeU32(address: number, value: number): void;
  /** Copies aligned words out of RAM into `into`, all of it. Outside RAM: throws. */
  readWords(address: number, into: Uint32Array): void;
  /** Copies aligned words into RAM. Outside RAM: throws. */
  writeWords(address: number, words: Uint32Array): void;
  /** A copy. Outside RAM: throws. */
  read(address: number, length: number): Uint8Array;
  /** Outside RAM: throws. */
  write(address: number, bytes: Uint8Array): void;
}

/** Legacy hole of a PC: VGA memory and option ROMs, not RAM. */
const HOLE_START = 0xa0000;
const HOLE_END = 0x100000;

/** True when a range lies in the RAM of a PC with `size` bytes of memory. */
export function pcRamContains(size: number, address: number, length: number): boolean {
  const end = address + length;
  return address >= 0 && length >= 0 && end <= size && (end <= HOLE_START || address >= HOLE_END);
}

/** Guest memory without a guest. */
export class ArrayGuestMemory implements GuestMemory {
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  contains(address: number, length: number): boolean {
    return pcRamContains(this.size, address, length);
  }

  readU32(address: number): number {
    this.#check(address, 4);
    return this.#view.getUint32(address, true);
  }

  writeU32(address: number, value: number): void {
    this.#check(address, 4);
    this.#view.setUint32(address, value, true);
  }

  readWords(address: number, into: Uint32Array): void {
    this.#check(address, into.length * 4);
    for (let i = 0; i < into.length; i++) into[i] = this.#view.getUint32(address + i * 4, true);
  }

  writeWords(address: number, words: Uint32Array): void {
    this.#check(address, words.length * 4);
    for (let i = 0; i < words.length; i++) this.#view.setUint32(address + i * 4, words[i]!, true);
  }

  read(address: number, length: number): Uint8Array {
    this.#check(address, length);
    return this.bytes.slice(address, address + length);
  }

  write(address: number, bytes: Uint8Array): void {
    this.#check(address, bytes.length);
    this.bytes.set(bytes, address);
  }

  #check(address: number, length: number): void {
    if (!this.contains(address, length)) {
      throw new RangeError(`guest memory: ${length} bytes at 0x${address.toString(16)}`);
    }
  }
}
