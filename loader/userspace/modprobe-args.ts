/** What modprobe(8) was asked to do. */
export interface ModprobeArgs {
  readonly ok: true;
  /** One name, or with `-a` and `-r` several. */
  readonly names: readonly string[];
  /** Module parameters after the name. */
  readonly options: string;
  readonly quiet: boolean;
  readonly all: boolean;
  readonly remove: boolean;
  readonly useBlacklist: boolean;
  readonly firstTime: boolean;
  readonly ignoreInstall: boolean;
}

/** Long options and the letters they stand for; `F` is --first-time, which has none. */
const LONG: Readonly<Record<string, string>> = {
  '--quiet': 'q',
  '--all': 'a',
  '--remove': 'r',
  '--use-blacklist': 'b',
  '--first-time': 'F',
  '--ignore-install': 'i',
  '--ignore-remove': 'i',
  '--verbose': 'v',
  '--syslog': 's',
};

const SHORT = /^-[qarbivs]+$/;

/** Options of modprobe that load or remove; any other is refused. Arguments follow the program. */
export function parseModprobeArgs(
  argv: readonly string[],
): ModprobeArgs | { readonly ok: false; readonly message: string } {
  const given = new Set<string>();
  const words: string[] = [];
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i]!;
    if (word === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    const letters = LONG[word] ?? (SHORT.test(word) ? word.slice(1) : undefined);
    if (letters !== undefined) {
      for (const letter of letters) given.add(letter);
    } else if (word.startsWith('-') && word !== '-') {
      return { ok: false, message: `unrecognized option '${word}'` };
    } else {
      words.push(word);
    }
  }
  if (words.length === 0) return { ok: false, message: 'missing parameters. See -h.' };
  const many = given.has('a') || given.has('r');
  return {
    ok: true,
    names: many ? words : words.slice(0, 1),
    options: many ? '' : words.slice(1).join(' '),
    quiet: given.has('q'),
    all: given.has('a'),
    remove: given.has('r'),
    useBlacklist: given.has('b'),
    firstTime: given.has('F'),
    ignoreInstall: given.has('i'),
  };
}
