import type { Coroutine } from '../engine/index.ts';
import { ERRNO } from '../errno.ts';
import type { Libkmod } from './libkmod.ts';
import { type ModprobeArgs, parseModprobeArgs } from './modprobe-args.ts';
import { removeModule } from './modprobe-remove.ts';
import type { ModuleRef } from './module-index.ts';
import { KMOD_PROBE } from './probe-flags.ts';
import { strerror } from './strerror.ts';

/** How a modprobe process ended. */
export interface ModprobeResult {
  /** Exit code 0 or 1; with a signal the process has none. */
  readonly code: number;
  /** 9 when it was killed. */
  readonly signal: number;
  /** What it would print on stderr; nothing with -q. */
  readonly stderr: readonly string[];
}

const SIGKILL = 9;

/** modprobe(8) as the current task (tools/modprobe.c, kmod 30). */
export class Modprobe {
  readonly #libkmod: Libkmod;
  /** Where messages say they looked. */
  readonly #directory: string;

  constructor(libkmod: Libkmod, directory: string) {
    this.#libkmod = libkmod;
    this.#directory = directory;
  }

  /** Runs with `argv` (program first) and gives the wait status: the kernel's helper program. */
  *program(argv: readonly string[]): Coroutine<number> {
    const { code, signal } = yield* this.run(argv.slice(1));
    return signal !== 0 ? signal : code * 256;
  }

  /** Runs with the arguments that follow the program's name. */
  *run(argv: readonly string[]): Coroutine<ModprobeResult> {
    const { engine, costs } = this.#libkmod.kernel;
    const stderr: string[] = [];
    yield engine.work(costs.modprobe_start_ns);
    const args = parseModprobeArgs(argv);
    if (!args.ok) return { code: 1, signal: 0, stderr: [`modprobe: ERROR: ${args.message}`] };
    yield engine.work(costs.kmod_config_ns + costs.kmod_index_ns);
    const err = args.remove
      ? yield* this.#removeAll(args, stderr)
      : yield* this.#insertAll(args, stderr);
    const killed = engine.current?.pending === 'kill';
    return {
      code: !killed && err < 0 ? 1 : 0,
      signal: killed ? SIGKILL : 0,
      stderr: args.quiet ? [] : stderr,
    };
  }

  /** insmod_all(): the error of the last name that failed. */
  *#insertAll(args: ModprobeArgs, stderr: string[]): Coroutine<number> {
    let err = 0;
    for (const name of args.names) {
      const ret = yield* this.#insert(name, args, stderr);
      if (ret < 0) err = ret;
    }
    return err;
  }

  /** insmod(): of several modules behind one alias the last one's error counts. */
  *#insert(name: string, args: ModprobeArgs, stderr: string[]): Coroutine<number> {
    const refs = yield* this.#libkmod.lookup(name);
    if (refs.length === 0) {
      const level = args.all ? 'WARNING' : 'FATAL';
      stderr.push(`modprobe: ${level}: Module ${name} not found in directory ${this.#directory}`);
      return -ERRNO.ENOENT;
    }
    const flags =
      KMOD_PROBE.APPLY_BLACKLIST_ALIAS_ONLY |
      (args.useBlacklist ? KMOD_PROBE.APPLY_BLACKLIST : 0) |
      (args.firstTime ? KMOD_PROBE.FAIL_ON_LOADED : 0) |
      (args.ignoreInstall ? KMOD_PROBE.IGNORE_COMMAND : 0);
    let err = 0;
    for (const ref of refs) {
      err = yield* this.#libkmod.probeInsert(ref, flags, args.options);
      if (this.#libkmod.kernel.engine.current?.pending === 'kill') return err;
      // A positive value says that a blacklist stopped it, which is no failure.
      if (err >= 0) err = 0;
      else stderr.push(insertError(ref, err));
    }
    return err;
  }

  *#removeAll(args: ModprobeArgs, stderr: string[]): Coroutine<number> {
    let err = 0;
    for (const name of args.names) {
      const refs = yield* this.#libkmod.lookup(name);
      let ret = 0;
      if (refs.length === 0) {
        stderr.push(`modprobe: FATAL: Module ${name} not found.`);
        ret = -ERRNO.ENOENT;
      }
      for (const ref of refs) {
        ret = yield* removeModule(this.#libkmod, ref, args, stderr);
        if (ret < 0) break;
      }
      if (ret < 0) err = ret;
    }
    return err;
  }
}

function insertError({ name }: ModuleRef, err: number): string {
  const start = `modprobe: ERROR: could not insert '${name}': `;
  if (err === -ERRNO.EEXIST) return `${start}Module already in kernel`;
  if (err === -ERRNO.ENOENT) {
    return `${start}Unknown symbol in module, or unknown parameter (see dmesg)`;
  }
  return start + strerror(err);
}
