// SPDX-License-Identifier: MIT
import { type GetoptResult, getoptLong, type OptionTable } from './getopt.ts';

/** What modprobe(8) was asked to do (do_modprobe, tools/modprobe.c, kmod 30). */
export interface ModprobeArgs {
  /** What is no option: names with `-a` and `-r`, else one name and its parameters. */
  readonly words: readonly string[];
  readonly all: boolean;
  readonly remove: boolean;
  readonly removeHolders: boolean;
  /** `-w`: how long a module in use is waited for; 0 = not at all. */
  readonly waitMs: number;
  readonly firstTime: boolean;
  /** `-i`: no install or remove commands, no softdeps of the module itself. */
  readonly ignoreCommands: boolean;
  readonly useBlacklist: boolean;
  readonly force: boolean;
  readonly stripModversion: boolean;
  readonly stripVermagic: boolean;
  /** `-D`: as if nothing were loaded, nothing done, everything shown. */
  readonly showDepends: boolean;
  readonly lookupOnly: boolean;
  readonly dryRun: boolean;
  readonly query: 'config' | 'modversions' | 'exports' | 'version' | 'help' | undefined;
  /** `-C`, each a file or a directory; empty: the usual directories. */
  readonly configPaths: readonly string[];
  readonly root: string | undefined;
  readonly release: string | undefined;
  readonly syslog: boolean;
  /** Priority of what is shown: 4 warnings, 0 with `-q`, one more for each `-v`. */
  readonly verbose: number;
  /** What programs it starts find in MODPROBE_OPTIONS. */
  readonly inherited: readonly string[];
}

export type ModprobeArgsResult =
  | { readonly ok: true; readonly args: ModprobeArgs }
  /** `raw`: printed by getopt, without a priority. */
  | { readonly ok: false; readonly message: string; readonly raw: boolean };

/** syslog(3) priorities. */
export const PRIORITY = { EMERG: 0, CRIT: 2, ERR: 3, WARNING: 4, INFO: 6 } as const;

/** Letters that stand for long options without one: digits, as in kmod's table. */
const TABLE: OptionTable = {
  short: {
    ...Object.fromEntries([...'arRibfDcnsqvVh'].map((letter) => [letter, 'flag' as const])),
    ...Object.fromEntries([...'wCdS'].map((letter) => [letter, 'value' as const])),
  },
  long: [
    ['all', 'a', 'flag'],
    ['remove', 'r', 'flag'],
    ['remove-dependencies', '5', 'flag'],
    ['remove-holders', '5', 'flag'],
    ['wait', 'w', 'value'],
    ['resolve-alias', 'R', 'flag'],
    ['first-time', '3', 'flag'],
    ['ignore-install', 'i', 'flag'],
    ['ignore-remove', 'i', 'flag'],
    ['use-blacklist', 'b', 'flag'],
    ['force', 'f', 'flag'],
    ['force-modversion', '2', 'flag'],
    ['force-vermagic', '1', 'flag'],
    ['show-depends', 'D', 'flag'],
    ['showconfig', 'c', 'flag'],
    ['show-config', 'c', 'flag'],
    ['show-modversions', '4', 'flag'],
    ['dump-modversions', '4', 'flag'],
    ['show-exports', '6', 'flag'],
    ['dry-run', 'n', 'flag'],
    ['show', 'n', 'flag'],
    ['config', 'C', 'value'],
    ['dirname', 'd', 'value'],
    ['set-version', 'S', 'value'],
    ['syslog', 's', 'flag'],
    ['quiet', 'q', 'flag'],
    ['verbose', 'v', 'flag'],
    ['version', 'V', 'flag'],
    ['help', 'h', 'flag'],
  ],
};

/** Reads the arguments after the program; `inherited` is MODPROBE_OPTIONS, read before them. */
export function parseModprobeArgs(
  argv: readonly string[],
  inherited: readonly string[] = [],
): ModprobeArgsResult {
  const given = getoptLong([...inherited, ...argv], TABLE);
  let verbose: number = PRIORITY.WARNING;
  let waitMs = 0;
  for (const { letter, value } of given.options) {
    if (letter === 'q') verbose = PRIORITY.EMERG;
    else if (letter === 'v') verbose += 1;
    else if (letter === 'w') {
      const ms = strtoul(value);
      if (ms === undefined) {
        return { ok: false, message: `unexpected wait value '${value}'.`, raw: false };
      }
      waitMs = ms;
    } else if (letter === 'V' || letter === 'h') break;
  }
  const query = queryOf(given);
  const ended = query === 'version' || query === 'help';
  if (given.error !== undefined && !ended) {
    return { ok: false, message: given.error, raw: true };
  }
  if (given.words.length === 0 && !ended && query !== 'config') {
    return { ok: false, message: 'missing parameters. See -h.', raw: false };
  }
  const has = (letter: string): boolean => given.options.some((one) => one.letter === letter);
  const last = (letter: string): string | undefined =>
    given.options.findLast((one) => one.letter === letter)?.value;
  return {
    ok: true,
    args: {
      words: given.words,
      all: has('a'),
      remove: has('r'),
      removeHolders: has('5'),
      waitMs,
      firstTime: has('3'),
      ignoreCommands: has('i'),
      useBlacklist: has('b'),
      force: has('f'),
      stripModversion: has('2'),
      stripVermagic: has('1'),
      showDepends: has('D'),
      lookupOnly: has('R'),
      dryRun: has('n') || has('D'),
      query,
      configPaths: given.options.filter(({ letter }) => letter === 'C').map(({ value }) => value),
      root: last('d'),
      release: last('S'),
      syslog: has('s'),
      verbose,
      inherited: inheritedBy(given),
    },
  };
}

function queryOf({ options }: GetoptResult): ModprobeArgs['query'] {
  const first = options.find(({ letter }) => letter === 'V' || letter === 'h');
  if (first) return first.letter === 'V' ? 'version' : 'help';
  if (options.some(({ letter }) => letter === 'c')) return 'config';
  if (options.some(({ letter }) => letter === '4')) return 'modversions';
  return options.some(({ letter }) => letter === '6') ? 'exports' : undefined;
}

/** env_modprobe_options_append() of -C, -s, -q and -v. */
function inheritedBy({ options }: GetoptResult): string[] {
  return options.flatMap(({ letter, value }) => {
    if (letter === 'C') return ['-C', value];
    return letter === 's' || letter === 'q' || letter === 'v' ? [`-${letter}`] : [];
  });
}

/** strtoul(3) with base 0 over the whole text. */
function strtoul(text: string): number | undefined {
  const found = /^\s*\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (!found) return undefined;
  const digits = found[1]!;
  if (/^0[xX]/.test(digits)) return Number.parseInt(digits.slice(2), 16);
  return digits.startsWith('0') ? Number.parseInt(digits, 8) || 0 : Number(digits);
}

/** options_from_array(): a value with a blank gets its quotes back. */
export function joinParameters(words: readonly string[]): string {
  return words
    .map((word) => {
      const equals = word.indexOf('=');
      const value = word.slice(equals + 1);
      const bare = equals < 0 || value.startsWith('"') || value.startsWith("'");
      return bare || !value.includes(' ') ? word : `${word.slice(0, equals + 1)}"${value}"`;
    })
    .join(' ');
}
