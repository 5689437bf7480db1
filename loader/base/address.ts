// SPDX-License-Identifier: MIT
/**
 * Whole addresses from offsets and back. Inside the model an address is a double counted from the
 * preset's base; only here do the two meet.
 */
import type { VirtAddr } from './units.ts';

/** What it takes to write an address. */
export interface AddressBase {
  /** The address of offset 0. */
  readonly base: bigint;
  readonly wordBits: 32 | 64;
}

/** The whole address. */
export function absoluteAddress(space: AddressBase, va: VirtAddr): bigint {
  return space.base + BigInt(va);
}

/** 8 or 16 hexadecimal digits, no `0x` (what `%px` prints). */
export function formatAddress(space: AddressBase, va: VirtAddr): string {
  return hex(space, va).padStart(space.wordBits / 4, '0');
}

/** `0x` and as many digits as needed (what `%#lx` and `0x%lx` print). */
export function formatHex(space: AddressBase, va: VirtAddr): string {
  return `0x${hex(space, va)}`;
}

function hex(space: AddressBase, va: VirtAddr): string {
  return space.base === 0n ? va.toString(16) : absoluteAddress(space, va).toString(16);
}

export type ParsedAddress =
  | { readonly ok: true; readonly addr: VirtAddr }
  | { readonly ok: false; readonly message: string };

/** Reads hexadecimal digits, with or without `0x`, that name an address at or above the base. */
export function parseAddress(space: AddressBase, text: string): ParsedAddress {
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(text)?.[1];
  if (digits === undefined) {
    return { ok: false, message: `"${text}" is not a hexadecimal address` };
  }
  const whole = BigInt(`0x${digits}`);
  if (whole >> BigInt(space.wordBits) !== 0n) {
    return { ok: false, message: `"${text}" does not fit ${space.wordBits} bits` };
  }
  if (whole < space.base) {
    const base = space.base.toString(16);
    return { ok: false, message: `"${text}" lies below this address space (0x${base})` };
  }
  return { ok: true, addr: Number(whole - space.base) };
}

/** Offset of the address 2^wordBits, where unsigned arithmetic wraps. */
export function wrapLimit(space: AddressBase): VirtAddr {
  return Number((1n << BigInt(space.wordBits)) - space.base);
}
