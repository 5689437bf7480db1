// SPDX-License-Identifier: MIT
/** fnmatch by plain recursion: every way a `*` can stretch is tried. */
export function naiveFnmatch(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') {
    for (let i = 0; i <= text.length; i += 1) {
      if (naiveFnmatch(pattern.slice(1), text.slice(i))) return true;
    }
    return false;
  }
  if (text === '') return false;
  const element = takeElement(pattern);
  return (
    element?.matches(text[0]!) === true &&
    naiveFnmatch(pattern.slice(element.length), text.slice(1))
  );
}

interface Element {
  readonly length: number;
  matches(char: string): boolean;
}

function takeElement(pattern: string): Element | undefined {
  const first = pattern[0]!;
  if (first === '?') return { length: 1, matches: () => true };
  if (first === '\\') {
    if (pattern.length < 2) return undefined;
    return { length: 2, matches: (char) => char === pattern[1] };
  }
  const bracket = /^\[([!^]?)(\]?[^\]\\[]*)\]/.exec(pattern);
  if (!bracket) return { length: 1, matches: (char) => char === first };
  const members = bracket[2]!;
  const set: [string, string][] = [];
  for (let i = 0; i < members.length; i += 1) {
    const low = members[i]!;
    if (members[i + 1] === '-' && i + 2 < members.length) {
      set.push([low, members[i + 2]!]);
      i += 2;
    } else {
      set.push([low, low]);
    }
  }
  const inside = (char: string): boolean => set.some(([low, high]) => low <= char && char <= high);
  return {
    length: bracket[0].length,
    matches: (char) => inside(char) === (bracket[1] === ''),
  };
}
