import type { Coroutine } from '../engine/index.ts';
import { parseModprobeArgs } from './modprobe-args.ts';
import type { ModuleRef } from './module-index.ts';
import { KMOD_PROBE } from './probe-flags.ts';
import type { UserKernel } from './user-kernel.ts';

/** What an install command needs of libkmod: modules by name, and a way to insert them. */
export interface ModuleInserter {
  readonly kernel: UserKernel;
  lookup(name: string): Coroutine<readonly ModuleRef[]>;
  /** 0 or a negative errno. */
  probeInsert(
    ref: ModuleRef,
    flags: number,
    extraOptions: string,
    depth: number,
  ): Coroutine<number>;
}

/** Install commands that may call each other; the real ones would go on until memory is gone. */
const MAX_DEPTH = 50;

/** Exit code of a shell that does not find a program. */
const NOT_FOUND = 127;

/**
 * An `install` command of modprobe.d, run by system(3): its exit code.
 * Model: the shell knows `;`, `&&` and `||`, and the programs `true`, `false`, `:` and `modprobe`;
 * any other program is not found.
 */
export function* runInstallCommand(
  libkmod: ModuleInserter,
  command: string,
  options: string,
  depth: number,
): Coroutine<number> {
  if (depth >= MAX_DEPTH) return 1;
  let status = 0;
  let joint = ';';
  const text = command.replaceAll('$CMDLINE_OPTS', options);
  for (const part of text.split(/(;|&&|\|\|)/)) {
    if (part === ';' || part === '&&' || part === '||') {
      joint = part;
      continue;
    }
    const words = part.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) continue;
    if ((joint === '&&' && status !== 0) || (joint === '||' && status === 0)) continue;
    status = yield* runProgram(libkmod, words, depth);
  }
  return status;
}

function* runProgram(
  libkmod: ModuleInserter,
  words: readonly string[],
  depth: number,
): Coroutine<number> {
  const { engine, costs } = libkmod.kernel;
  const program = words[0]!.slice(words[0]!.lastIndexOf('/') + 1);
  if (program === 'true' || program === ':') return 0;
  if (program === 'false') return 1;
  if (program !== 'modprobe') return NOT_FOUND;
  yield engine.work(costs.exec_ns + costs.modprobe_start_ns);
  const args = parseModprobeArgs(words.slice(1));
  if (!args.ok || args.remove) return 1;
  const flags =
    KMOD_PROBE.APPLY_BLACKLIST_ALIAS_ONLY |
    (args.useBlacklist ? KMOD_PROBE.APPLY_BLACKLIST : 0) |
    (args.firstTime ? KMOD_PROBE.FAIL_ON_LOADED : 0) |
    (args.ignoreInstall ? KMOD_PROBE.IGNORE_COMMAND : 0);
  const refs = yield* libkmod.lookup(args.names[0] ?? '');
  if (refs.length === 0) return 1;
  let err = 0;
  for (const ref of refs) err = yield* libkmod.probeInsert(ref, flags, args.options, depth + 1);
  return err < 0 ? 1 : 0;
}
