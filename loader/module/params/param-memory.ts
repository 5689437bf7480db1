// SPDX-License-Identifier: MIT
import type { Bytes } from '../../base/index.ts';
import { type ModuleElf, SHT, type SymbolPlace } from '../../elf/index.ts';

/**
 * The variables behind one module's parameters: what the file holds, under what was written.
 *
 * Model: what the module's own code writes there is not known. Variables that lie in each other
 * are only seen to when they begin at the same place.
 */
export class ParamMemory {
  readonly #elf: ModuleElf;
  readonly #numbers = new Map<string, bigint>();
  /** Of string buffers, and of the copies that charp variables point to. */
  readonly #texts = new Map<string, string>();

  constructor(elf: ModuleElf) {
    this.#elf = elf;
  }

  /** Bytes of a long and of a pointer. */
  get word(): Bytes {
    return this.#elf.view.wide ? 8 : 4;
  }

  number(place: SymbolPlace, bytes: Bytes): bigint {
    const written = this.#numbers.get(key(place));
    if (written !== undefined) return BigInt.asUintN(8 * bytes, written);
    let value = 0n;
    for (let i = bytes - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(this.#byte(place, i));
    return value;
  }

  setNumber(place: SymbolPlace, value: bigint): void {
    this.#numbers.set(key(place), value);
  }

  /** The string in a buffer of `size` bytes. */
  buffer(place: SymbolPlace, size: Bytes): string {
    const written = this.#texts.get(key(place));
    if (written !== undefined) return written;
    let text = '';
    for (let i = 0; i < size; i += 1) {
      const byte = this.#byte(place, i);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** The string a `char *` points to; undefined for NULL. */
  pointer(place: SymbolPlace): string | undefined {
    return this.#texts.get(key(place)) ?? this.#elf.stringAt(place);
  }

  /** Both a buffer's string and a pointer's. */
  setText(place: SymbolPlace, text: string): void {
    this.#texts.set(key(place), text);
  }

  #byte({ section, value }: SymbolPlace, i: number): number {
    const { view } = this.#elf;
    const type = view.shType(section);
    const offset = value + i;
    if (type === SHT.NULL || type === SHT.NOBITS || offset >= view.shSize(section)) return 0;
    return view.bytes[view.shOffset(section) + offset] ?? 0;
  }
}

function key({ section, value }: SymbolPlace): string {
  return `${section}:${value}`;
}
