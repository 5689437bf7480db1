// SPDX-License-Identifier: MIT
/**
 * Turning text into numbers as the kernel does (lib/kstrtox.c, Linux 6.12). Base 0: `0x` is
 * hexadecimal, a leading 0 octal, else decimal; one trailing newline is allowed.
 */
import { ERRNO } from '../../base/index.ts';

const ULLONG_MAX = (1n << 64n) - 1n;

export type Parsed =
  | { readonly ok: true; readonly value: bigint }
  | { readonly ok: false; readonly errno: number };

const INVALID: Parsed = { ok: false, errno: ERRNO.EINVAL };
const RANGE: Parsed = { ok: false, errno: ERRNO.ERANGE };

function parseUnsigned(text: string): Parsed {
  let base = 10n;
  let digits = text;
  if (/^0[xX][0-9a-fA-F]/.test(text)) {
    base = 16n;
    digits = text.slice(2);
  } else if (text.startsWith('0')) {
    base = 8n;
  }
  let value = 0n;
  let used = 0;
  let overflow = false;
  for (const char of digits) {
    const digit = Number.parseInt(char, 16);
    if (Number.isNaN(digit) || BigInt(digit) >= base) break;
    value = value * base + BigInt(digit);
    if (value > ULLONG_MAX) {
      overflow = true;
      value &= ULLONG_MAX;
    }
    used += 1;
  }
  if (overflow) return RANGE;
  if (used === 0) return INVALID;
  const rest = digits.slice(used);
  return rest === '' || rest === '\n' ? { ok: true, value } : INVALID;
}

/** kstrtoull() */
function kstrtoull(text: string): Parsed {
  return parseUnsigned(text.startsWith('+') ? text.slice(1) : text);
}

/** kstrtoll() */
function kstrtoll(text: string): Parsed {
  const negative = text.startsWith('-');
  const parsed = negative ? parseUnsigned(text.slice(1)) : kstrtoull(text);
  if (!parsed.ok) return parsed;
  const value = negative ? -parsed.value : parsed.value;
  return BigInt.asIntN(64, value) === value ? { ok: true, value } : RANGE;
}

/** An integer type of `bits` bits: kstrtoint(), kstrtou8() and so on. */
export function kstrtoInteger(text: string, bits: number, signed: boolean): Parsed {
  const parsed = signed ? kstrtoll(text) : kstrtoull(text);
  if (!parsed.ok) return parsed;
  const cut = signed ? BigInt.asIntN(bits, parsed.value) : BigInt.asUintN(bits, parsed.value);
  return cut === parsed.value ? parsed : RANGE;
}

/** kstrtobool(): only the first character, or two of on/off, count. */
export function kstrtobool(text: string): Parsed {
  if (/^[yYtT1]/.test(text) || /^[oO][nN]/.test(text)) return { ok: true, value: 1n };
  if (/^[nNfF0]/.test(text) || /^[oO][fF]/.test(text)) return { ok: true, value: 0n };
  return INVALID;
}
