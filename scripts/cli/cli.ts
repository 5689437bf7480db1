#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { config } from 'zod';
import { nearestName } from '../../loader/scenario/index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { CommandContext, Interrupted } from './command-context.ts';
import { COMMANDS, helpText } from './commands.ts';
import { InputError, printable } from './input-error.ts';
import { reasonOf } from './module-walk.ts';

/** Exit codes: bad input, a bug of the program itself (EX_SOFTWARE), Ctrl-C. */
const EXIT = { input: 2, bug: 70, interrupted: 130 } as const;

/** All end a command the same way, cleaned up. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(helpText());
    return name === undefined ? EXIT.input : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${manifest.version}\n`);
    return 0;
  }
  const command = COMMANDS[name];
  if (!command) {
    const near = nearestName(name, Object.keys(COMMANDS));
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return complain(`no command ${name}${hint} (modstorm --help lists them)`);
  }
  const context = new CommandContext();
  const onSignal = (): void => context.interrupt();
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    });
    if (values.help) {
      process.stdout.write(command.help);
      return 0;
    }
    return await command.run(values, positionals, context);
  } catch (error) {
    if (context.signal.aborted || error instanceof Interrupted) {
      process.stderr.write('modstorm: interrupted\n');
      return EXIT.interrupted;
    }
    if (error instanceof InputError) return complain(error.message);
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')) {
      return complain(`${(error as Error).message} (modstorm ${name} --help)`);
    }
    if (code === 'EPIPE') return 0;
    const { syscall, path } = error as NodeJS.ErrnoException;
    if (typeof code === 'string' && syscall !== undefined) {
      const what = path === undefined ? syscall : `${path}: ${syscall}`;
      return complain(`${what}: expected success, found ${reasonOf(error)}`);
    }
    return bug(error);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

function complain(message: string): number {
  process.stderr.write(`modstorm: ${printable(message)}\n`);
  return EXIT.input;
}

/** What should never be seen: one line, and the stack for whom asks for it. */
function bug(error: unknown): number {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const shown = process.env.MODSTORM_STACK === undefined ? printable(message) : stack;
  process.stderr.write(`modstorm: a bug in modstorm: ${shown} (MODSTORM_STACK=1 shows where)\n`);
  return EXIT.bug;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.exit(complain(`stdout: expected to be written to, found ${reasonOf(error)}`));
});
// Nobody reads what is wrong: that is no reason to fail.
process.stderr.on('error', () => {});
// Most runs are over in a second: what V8 optimises by the usual measure of Node 20, and the parsers
// that zod compiles for each of its types, take longer than they ever save.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=264000');
config({ jitless: true });
process.exitCode = await main(process.argv.slice(2));
