// SPDX-License-Identifier: MIT
/** Guest RAM inside v86's WebAssembly memory. */
import { type GuestMemory, pcRamContains } from '../port/guest-memory.ts';
import type { V86Cpu } from './internals.ts';

export class V86Memory implements GuestMemory {
  readonly size: number;
  readonly #cpu: V86Cpu;
  readonly #wasm: WebAssembly.Memory;
  readonly #base: number;
  readonly #jit: boolean;
  #bytes: Uint8Array;
  #words: Uint32Array;

  /** `jit`: the guest's code is compiled, and v86 must hear of changes to memory. */
  constructor(cpu: V86Cpu, wasm: WebAssembly.Memory, jit: boolean) {
    this.#cpu = cpu;
    this.#jit = jit;
    this.#wasm = wasm;
    this.size = cpu.memory_size[0]!;
    this.#base = cpu.mem8.byteOffset;
    this.#bytes = new Uint8Array(wasm.buffer, this.#base, this.size);
    this.#words = new Uint32Array(wasm.buffer, this.#base, this.size / 4);
  }

  contains(address: number, length: number): boolean {
    return pcRamContains(this.size, address, length);
  }

  readU32(address: number): number {
    this.#check(address, 4);
    if (this.#words.length === 0) this.#renew();
    return this.#words[address >>> 2]!;
  }

  writeU32(address: number, value: number): void {
    this.#check(address, 4);
    if (this.#words.length === 0) this.#renew();
    this.#changed(address, 4);
    this.#words[address >>> 2] = value;
  }

  readWords(address: number, into: Uint32Array): void {
    this.#check(address, into.length * 4);
    if (this.#words.length === 0) this.#renew();
    const words = this.#words;
    for (let i = 0, at = address >>> 2; i < into.length; i++, at++) into[i] = words[at]!;
  }

  writeWords(address: number, from: Uint32Array): void {
    this.#check(address, from.length * 4);
    if (this.#words.length === 0) this.#renew();
    this.#changed(address, from.length * 4);
    const words = this.#words;
    for (let i = 0, at = address >>> 2; i < from.length; i++, at++) words[at] = from[i]!;
  }

  read(address: number, length: number): Uint8Array {
    this.#check(address, length);
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes.slice(address, address + length);
  }

  write(address: number, bytes: Uint8Array): void {
    this.#check(address, bytes.length);
    if (bytes.length === 0) return;
    if (this.#bytes.length === 0) this.#renew();
    this.#changed(address, bytes.length);
    this.#bytes.set(bytes, address);
  }

  #changed(address: number, length: number): void {
    if (this.#jit) this.#cpu.jit_dirty_cache(address, address + length);
  }

  #check(address: number, length: number): void {
    if (!this.contains(address, length)) {
      throw new RangeError(`guest memory: ${length} bytes at 0x${address.toString(16)}`);
    }
  }

  /** Growing a WebAssembly memory detaches every view of it. */
  #renew(): void {
    this.#bytes = new Uint8Array(this.#wasm.buffer, this.#base, this.size);
    this.#words = new Uint32Array(this.#wasm.buffer, this.#base, this.size / 4);
  }
}
