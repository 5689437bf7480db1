import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import type { Libkmod } from './libkmod.ts';
import { type ModprobeArgs, parseModprobeArgs } from './modprobe-args.ts';
import { removeModule } from './modprobe-remove.ts';
import type { ModuleRef } from './module-index.ts';
import { KMOD_PROBE } from './probe-flags.ts';
import { strerror } from './strerror.ts';

/** Wait statuses: exit(1), and an end by the signal. */
const EXIT_FAILURE = 256;
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

  /**
   * Runs with `argv` (program first) and gives the wait status: exit code 0 or 1, or the signal
   * that killed it. What it would print, nothing with -q, goes to `stderr`.
   */
  *program(argv: readonly string[], stderr: string[] = []): Coroutine<number> {
    const { engine, costs } = this.#libkmod.kernel;
    const args = parseModprobeArgs(argv.slice(1));
    const context = args.ok ? costs.kmod_config_ns + costs.kmod_index_ns : 0;
    yield engine.work(costs.modprobe_start_ns + context);
    if (!args.ok) {
      stderr.push(`modprobe: ERROR: ${args.message}`);
      return EXIT_FAILURE;
    }
    const said = args.quiet ? [] : stderr;
    const err = yield* args.remove ? this.#removeAll(args, said) : this.#insertAll(args, said);
    if (engine.current?.pending === 'kill') return SIGKILL;
    return err < 0 ? EXIT_FAILURE : 0;
  }

  /** insmod_all(): the error of the last name that failed. */
  *#insertAll(args: ModprobeArgs, stderr: string[]): Coroutine<number> {
    const flags =
      KMOD_PROBE.APPLY_BLACKLIST_ALIAS_ONLY |
      (args.useBlacklist ? KMOD_PROBE.APPLY_BLACKLIST : 0) |
      (args.firstTime ? KMOD_PROBE.FAIL_ON_LOADED : 0) |
      (args.ignoreInstall ? KMOD_PROBE.IGNORE_COMMAND : 0);
    let err = 0;
    for (const name of args.names) {
      const refs = yield* this.#libkmod.lookup(name);
      // insmod(): of several modules behind one alias the last one's error counts.
      let ret = 0;
      if (refs.length === 0) {
        const level = args.all ? 'WARNING' : 'FATAL';
        stderr.push(`modprobe: ${level}: Module ${name} not found in directory ${this.#directory}`);
        ret = -ERRNO.ENOENT;
      }
      for (const ref of refs) {
        const inserting = this.#libkmod.probeInsert(ref, flags, args.options);
        ret = (yield this.#libkmod.kernel.engine.enter(inserting)) as number;
        if (this.#libkmod.kernel.engine.current?.pending === 'kill') break;
        // A positive value says that a blacklist stopped it, which is no failure.
        if (ret < 0) stderr.push(insertError(ref, ret));
      }
      if (ret < 0) err = ret;
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
