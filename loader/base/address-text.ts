// SPDX-License-Identifier: MIT
/** Whole addresses in trace files: written from offsets, read back to them. */
import type { AddressBase } from './address.ts';
import type { VirtAddr } from './units.ts';

/**
 * The offset of a whole address written as `0x` and hexadecimal, or in decimal digits; undefined
 * when the text is no such number, does not fit the word or has no exact offset. Any address of
 * the word is allowed: an empty purge names 0x0 and the last byte of all.
 */
export function readAddress(space: AddressBase, text: string): VirtAddr | undefined {
  if (!/^(?:0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.test(text)) return undefined;
  if (space.base === 0n && text.length <= 12) {
    const value = Number(text);
    return value < 2 ** space.wordBits ? value : undefined;
  }
  const whole = BigInt(text);
  if (whole >> BigInt(space.wordBits) !== 0n) return undefined;
  const offset = Number(whole - space.base);
  return BigInt(offset) === whole - space.base ? offset : undefined;
}

/** The whole address in decimal digits (`%lu`). */
export function decimalAddress(space: AddressBase, va: VirtAddr): string {
  return space.base === 0n ? String(va) : (space.base + BigInt(va)).toString();
}
