// SPDX-License-Identifier: MIT
/**
 * fnmatch(3) with no flags, in the C locale, as libkmod matches aliases: `*`, `?`, `[…]` with
 * ranges, classes and negation by `!` or `^`, and `\` before any character. `*` and `?` match `/`.
 */

/** Characters of the POSIX classes (isalpha and so on in the C locale). */
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\0-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t-\r ]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BACKSLASH = 0x5c;
const DASH = 0x2d;
const COLON = 0x3a;

/** Whether the whole of `text` matches `pattern`. */
export function fnmatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  // Where to go on when the rest fails: after the last `*`, one character of text further.
  let starPattern = -1;
  let starText = 0;
  for (;;) {
    let matched: number;
    if (p < pattern.length) {
      const code = pattern.charCodeAt(p);
      if (code === STAR) {
        p += 1;
        starPattern = p;
        starText = t;
        continue;
      }
      matched = t < text.length ? matchOne(pattern, p, text.charCodeAt(t)) : -1;
    } else if (t === text.length) {
      return true;
    } else {
      matched = -1;
    }
    if (matched > 0) {
      p = matched;
      t += 1;
      continue;
    }
    if (starPattern < 0 || starText >= text.length) return false;
    starText += 1;
    p = starPattern;
    t = starText;
  }
}

/** Matches one element of the pattern: where the next begins, or -1. */
function matchOne(pattern: string, p: number, char: number): number {
  const code = pattern.charCodeAt(p);
  if (code === QUESTION) return p + 1;
  if (code === OPEN) {
    const bracket = matchBracket(pattern, p + 1, char);
    if (bracket !== UNTERMINATED) return bracket;
    return char === OPEN ? p + 1 : -1;
  }
  if (code === BACKSLASH) {
    if (p + 1 >= pattern.length) return -1;
    return pattern.charCodeAt(p + 1) === char ? p + 2 : -1;
  }
  return code === char ? p + 1 : -1;
}

/** A `[` that nothing closes stands for itself. */
const UNTERMINATED = -2;

/** Matches a bracket expression whose inside begins at `p`. */
function matchBracket(pattern: string, start: number, char: number): number {
  let p = start;
  const first = pattern[p];
  const negated = first === '!' || first === '^';
  if (negated) p += 1;
  let found = false;
  for (let begin = true; ; begin = false) {
    if (p >= pattern.length) return UNTERMINATED;
    const code = pattern.charCodeAt(p);
    if (code === CLOSE && !begin) return found === negated ? -1 : p + 1;
    if (code === OPEN && pattern.charCodeAt(p + 1) === COLON) {
      const end = pattern.indexOf(':]', p + 2);
      const members = end < 0 ? undefined : CLASSES[pattern.slice(p + 2, end)];
      if (members) {
        if (members.test(String.fromCharCode(char))) found = true;
        p = end + 2;
        continue;
      }
    }
    const low = bracketChar(pattern, p);
    if (low.next > pattern.length) return UNTERMINATED;
    p = low.next;
    let high = low.code;
    if (pattern.charCodeAt(p) === DASH && p + 1 < pattern.length && pattern[p + 1] !== ']') {
      const end = bracketChar(pattern, p + 1);
      if (end.next > pattern.length) return UNTERMINATED;
      high = end.code;
      p = end.next;
    }
    if (low.code <= char && char <= high) found = true;
  }
}

function bracketChar(pattern: string, p: number): { code: number; next: number } {
  const code = pattern.charCodeAt(p);
  if (code !== BACKSLASH) return { code, next: p + 1 };
  return { code: pattern.charCodeAt(p + 1), next: p + 2 };
}
