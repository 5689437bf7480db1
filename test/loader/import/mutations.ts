// SPDX-License-Identifier: MIT
/** Damage as files meet it: bits, cuts, repeated and mixed parts, huge numbers, long lines. */
import type { Random } from '../../../loader/engine/index.ts';

const WORDS = [
  '0x',
  '-',
  '\n',
  '\r\n',
  '\0',
  '\x1b[',
  '"',
  '\\',
  '{',
  '[',
  ']',
  '(',
  ')',
  '<unfinished ...>',
  '<... finit_module resumed>',
  ' = ',
  ' = ?',
  '99999999999999999999',
  '-1',
  '18446744073709551615',
  '0xffffffffffffffff',
  'e308',
  'NaN',
  '\ufffd',
  '\ufeff',
  'ﷺ',
  '__proto__',
  'constructor',
  '\t',
] as const;

export function mutate(text: string, others: readonly string[], random: Random): string {
  let out = text;
  for (let left = 1 + random.below(4); left > 0; left -= 1) out = once(out, others, random);
  return out.slice(0, 1 << 18);
}

function once(text: string, others: readonly string[], random: Random): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(40));
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(end);
    case 3:
      return text.slice(0, at) + WORDS[random.below(WORDS.length)]! + text.slice(at);
    case 4:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 5:
      return text.slice(0, end) + text.slice(at);
    case 6: {
      const other = others[random.below(others.length)]!;
      return text.slice(0, at) + other.slice(random.below(other.length)) + text.slice(at);
    }
    case 7:
      return text.replace(/\d+/g, (digits) =>
        random.below(8) === 0 ? `${digits}${digits}${digits}` : digits,
      );
    default:
      return (
        text.slice(0, at) + text.slice(at, end).repeat(1 + random.below(200)) + text.slice(end)
      );
  }
}
