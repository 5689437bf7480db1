// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';

/** Exit code of a shell that does not find a program. */
const NOT_FOUND = 127;

/** What a command of modprobe.d finds around it. */
export interface CommandContext {
  /** $CMDLINE_OPTS, put in by modprobe before the shell sees it. */
  readonly options: string;
  /** $MODPROBE_MODULE */
  readonly module: string;
  /** modprobe as the shell starts it: its exit code. */
  readonly modprobe: (argv: readonly string[]) => Coroutine<number>;
  /** Standard output. */
  readonly out: (text: string) => void;
}

/**
 * An `install` or `remove` command of modprobe.d, run by system(3): its exit code.
 * Model: the shell knows `;`, `&&` and `||`, quotes, and the programs `true`, `false`, `:`, `exit`,
 * `echo` and `modprobe`; any other program is not found. Redirections are left out.
 */
export function* runShellCommand(command: string, context: CommandContext): Coroutine<number> {
  let status = 0;
  let joint = ';';
  const text = command
    .replaceAll('$CMDLINE_OPTS', () => context.options)
    .replaceAll('$MODPROBE_MODULE', () => context.module);
  for (const part of text.split(/(;|&&|\|\|)/)) {
    if (part === ';' || part === '&&' || part === '||') {
      joint = part;
      continue;
    }
    const words = shellWords(part).filter((word) => !/^\d*>/.test(word));
    if (words.length === 0) continue;
    if ((joint === '&&' && status !== 0) || (joint === '||' && status === 0)) continue;
    const [program, ...args] = words;
    if (program === 'exit') return (Number(args[0] ?? status) || 0) & 0xff;
    status = yield* runProgram(program!, args, context);
  }
  return status;
}

function* runProgram(
  path: string,
  args: readonly string[],
  context: CommandContext,
): Coroutine<number> {
  switch (path.slice(path.lastIndexOf('/') + 1)) {
    case 'true':
    case ':':
      return 0;
    case 'false':
      return 1;
    case 'echo':
      context.out(args.join(' '));
      return 0;
    case 'modprobe':
      return yield* context.modprobe(args);
    default:
      context.out(`sh: 1: ${path}: not found`);
      return NOT_FOUND;
  }
}

/** Words as a shell cuts them: quotes join, a backslash takes the next character as it is. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && '"\\'.includes(text[i + 1] ?? ' ')) {
        i += 1;
        word += text[i]!;
      } else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      begun = true;
    } else if (char === '\\' && i + 1 < text.length) {
      i += 1;
      word += text[i]!;
      begun = true;
    } else if (/\s/.test(char)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
    } else {
      word += char;
      begun = true;
    }
  }
  if (begun) words.push(word);
  return words;
}
