// SPDX-License-Identifier: MIT
/** getopt_long(3) of glibc: options anywhere, letters in a row, long names cut short. */

/** Whether an option takes a value. */
export type OptionKind = 'flag' | 'value';

export interface OptionTable {
  readonly short: Readonly<Record<string, OptionKind>>;
  /** In the order of the program's table, which the message about an ambiguous name follows. */
  readonly long: readonly (readonly [name: string, letter: string, kind: OptionKind])[];
}

export interface GivenOption {
  /** The letter of the table, also for a long name. */
  readonly letter: string;
  readonly value: string;
}

export interface GetoptResult {
  /** Options in order, as far as the first error. */
  readonly options: readonly GivenOption[];
  /** What is no option. */
  readonly words: readonly string[];
  /** glibc's message about the option that could not be taken. */
  readonly error?: string;
}

/** Reads `argv` without its first entry, the program. */
export function getoptLong(argv: readonly string[], table: OptionTable): GetoptResult {
  const options: GivenOption[] = [];
  const words: string[] = [];
  let at = 0;
  const failed = (error: string): GetoptResult => ({ options, words, error });
  while (at < argv.length) {
    const word = argv[at]!;
    at += 1;
    if (word === '--') {
      words.push(...argv.slice(at));
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      words.push(word);
      continue;
    }
    if (word.startsWith('--')) {
      const found = longOption(word.slice(2), table, argv[at]);
      if (typeof found === 'string') return failed(found);
      if (found.tookNext) at += 1;
      options.push({ letter: found.letter, value: found.value });
      continue;
    }
    for (let i = 1; i < word.length; i += 1) {
      const letter = word[i]!;
      const kind = table.short[letter];
      if (kind === undefined) return failed(`invalid option -- '${letter}'`);
      if (kind === 'flag') {
        options.push({ letter, value: '' });
        continue;
      }
      const rest = word.slice(i + 1);
      if (rest === '' && at >= argv.length) {
        return failed(`option requires an argument -- '${letter}'`);
      }
      options.push({ letter, value: rest === '' ? argv[at]! : rest });
      if (rest === '') at += 1;
      break;
    }
  }
  return { options, words };
}

interface LongFound extends GivenOption {
  readonly tookNext: boolean;
}

/** One long option; a string is the message it is refused with. */
function longOption(
  text: string,
  table: OptionTable,
  next: string | undefined,
): LongFound | string {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const candidates = table.long.filter(([known]) => known.startsWith(name));
  const exact = candidates.find(([known]) => known === name);
  const found = exact ?? candidates[0];
  if (found === undefined) return `unrecognized option '--${text}'`;
  const [first, letter, kind] = found;
  // Names of one option may be cut to what they share.
  if (
    exact === undefined &&
    candidates.some(([, other, takes]) => other !== letter || takes !== kind)
  ) {
    const names = candidates.map(([known]) => ` '--${known}'`).join('');
    return `option '--${text}' is ambiguous; possibilities:${names}`;
  }
  if (kind === 'flag') {
    if (equals >= 0) return `option '--${first}' doesn't allow an argument`;
    return { letter, value: '', tookNext: false };
  }
  if (equals >= 0) return { letter, value: text.slice(equals + 1), tookNext: false };
  if (next === undefined) return `option '--${first}' requires an argument`;
  return { letter, value: next, tookNext: true };
}
