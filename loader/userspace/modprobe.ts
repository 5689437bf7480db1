// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';
import { runShellCommand } from './install-command.ts';
import type { Libkmod } from './libkmod.ts';
import { joinParameters, type ModprobeArgs, parseModprobeArgs } from './modprobe-args.ts';
import { ModprobeProcess, type ProbeHost } from './modprobe-process.ts';
import { query } from './modprobe-query.ts';
import { removeModule } from './modprobe-remove.ts';
import type { ModuleRef } from './module-index.ts';
import { KMOD_PROBE } from './probe-flags.ts';
import { strerror } from './strerror.ts';

/** Wait statuses: exit(1), and an end by the signal. */
const EXIT_FAILURE = 256;
const SIGKILL = 9;

/** Install commands that may call each other; the real ones would go on until memory is gone. */
const MAX_DEPTH = 50;

/** Where a modprobe runs: what it inherits from the one whose command started it. */
interface Surroundings {
  /** MODPROBE_OPTIONS */
  readonly inherited: readonly string[];
  readonly depth: number;
}

/** modprobe(8) as the current task (tools/modprobe.c, kmod 30). */
export class Modprobe {
  readonly #libkmod: Libkmod;
  /** The modules directory of the running kernel: where messages say they looked. */
  readonly #directory: string;

  constructor(libkmod: Libkmod, directory: string) {
    this.#directory = directory;
    this.#libkmod = libkmod.over(libkmod.index, directory);
  }

  /**
   * Runs with `argv` (program first) and gives the wait status: exit code 0 or 1, or the signal
   * that killed it. What it prints, to either stream, goes to `said` line by line.
   */
  program(argv: readonly string[], said: string[] = []): Coroutine<number> {
    return this.#program(argv.slice(1), said, { inherited: [], depth: 0 });
  }

  *#program(
    argv: readonly string[],
    said: string[],
    { inherited, depth }: Surroundings,
  ): Coroutine<number> {
    const { engine, costs } = this.#libkmod.kernel;
    const parsed = parseModprobeArgs(argv, inherited);
    const context = parsed.ok ? costs.kmod_config_ns + costs.kmod_index_ns : 0;
    yield engine.work(costs.modprobe_start_ns + context);
    if (!parsed.ok) {
      said.push(`modprobe: ${parsed.raw ? '' : 'ERROR: '}${parsed.message}`);
      return EXIT_FAILURE;
    }
    const { args } = parsed;
    const process = new ModprobeProcess(args, said);
    const run = new Run(this.#context(args), args, process, (words) =>
      depth + 1 >= MAX_DEPTH
        ? failAtOnce()
        : this.#program(words, said, { inherited: args.inherited, depth: depth + 1 }),
    );
    const err = yield* run.all();
    if (engine.current?.pending === 'kill') return SIGKILL;
    return err < 0 || process.exited ? EXIT_FAILURE : 0;
  }

  /** kmod_new(): of another directory nothing is known, -C replaces the configuration. */
  #context({ root, release, configPaths }: ModprobeArgs): Libkmod {
    const own = this.#libkmod;
    let directory = this.#directory;
    if (root !== undefined || release !== undefined) {
      directory = `${root ?? ''}/lib/modules/${release ?? baseName(this.#directory)}`;
    }
    const elsewhere = tidy(directory) !== tidy(this.#directory);
    if (!elsewhere && configPaths.length === 0) {
      return directory === this.#directory ? own : own.over(own.index, directory);
    }
    const paths = configPaths.length === 0 ? undefined : configPaths;
    return own.over(own.index.seenFrom(elsewhere, paths), directory);
  }
}

/** One modprobe with its arguments read. */
class Run implements ProbeHost {
  readonly #libkmod: Libkmod;
  readonly #args: ModprobeArgs;
  readonly #process: ModprobeProcess;
  readonly #modprobe: (argv: readonly string[]) => Coroutine<number>;

  constructor(
    libkmod: Libkmod,
    args: ModprobeArgs,
    process: ModprobeProcess,
    modprobe: (argv: readonly string[]) => Coroutine<number>,
  ) {
    this.#libkmod = libkmod;
    this.#args = args;
    this.#process = process;
    this.#modprobe = modprobe;
  }

  *all(): Coroutine<number> {
    const { words, all, remove } = this.#args;
    const process = this.#process;
    if (this.#args.query === 'version' || this.#args.query === 'help') {
      return yield* query(this.#libkmod, this.#args, process);
    }
    // kmod_new() has its own log: it knows no -q, and speaks before modprobe's is set up.
    for (const { place, text } of this.#libkmod.index.conf.complaints) {
      process.out(`libkmod: ERROR ../libkmod/libkmod-config.c:${place} kmod_config_parse: ${text}`);
    }
    if (this.#args.query !== undefined) {
      return yield* query(this.#libkmod, this.#args, process);
    }
    let err = 0;
    const many = all || remove;
    for (const name of many ? words : words.slice(0, 1)) {
      const options = many ? '' : joinParameters(words.slice(1));
      const ret = yield* remove ? this.#remove(name) : this.#insert(name, options);
      if (ret < 0) err = ret;
      if (process.exited) break;
    }
    return err;
  }

  library(priority: number, place: string, text: string): void {
    this.#process.library(priority, place, text);
  }

  show(text: string): void {
    this.#process.show(text);
  }

  *runCommand(command: string, module: string): Coroutine<number> {
    const { engine, costs } = this.#libkmod.kernel;
    return yield* runShellCommand(command, {
      options: '',
      module,
      out: (text) => this.#process.out(text),
      modprobe: function* (this: Run, argv: readonly string[]): Coroutine<number> {
        yield engine.work(costs.exec_ns);
        const status = yield* this.#modprobe(argv);
        return (status & 0x7f) === 0 ? status >> 8 : 128 + (status & 0x7f);
      }.bind(this),
    });
  }

  /** insmod(): of several modules behind one alias the last one's error counts. */
  *#insert(name: string, options: string): Coroutine<number> {
    const libkmod = this.#libkmod;
    const refs = yield* libkmod.lookup(name);
    if (refs.length === 0) {
      this.#process.log(`Module ${name} not found in directory ${libkmod.directory}`);
      return -ERRNO.ENOENT;
    }
    let err = 0;
    for (const ref of refs) {
      if (this.#args.lookupOnly) {
        this.#process.out(ref.name);
        continue;
      }
      const inserting = libkmod.probeInsert(ref, this.#probeFlags, options, this);
      const ret = (yield libkmod.kernel.engine.enter(inserting)) as number;
      if (libkmod.kernel.engine.current?.pending === 'kill') return ret;
      // A positive value says that a blacklist stopped it, which is no failure.
      err = Math.min(ret, 0);
      if (err < 0) this.#process.err(insertError(ref, err));
    }
    return err;
  }

  *#remove(name: string): Coroutine<number> {
    const libkmod = this.#libkmod;
    const refs = yield* libkmod.lookup(name);
    if (refs.length === 0) {
      this.#process.log(`Module ${name} not found.`);
      return -ERRNO.ENOENT;
    }
    const removal = {
      libkmod,
      args: this.#args,
      process: this.#process,
      runCommand: (command: string, module: string) =>
        this.runCommand(command.replaceAll('$CMDLINE_OPTS', ''), module),
    };
    let err = 0;
    for (const ref of refs) {
      err = yield* removeModule(removal, ref);
      if (err < 0 || this.#process.exited) break;
    }
    return err;
  }

  get #probeFlags(): number {
    const args = this.#args;
    return (
      KMOD_PROBE.APPLY_BLACKLIST_ALIAS_ONLY |
      (args.force || args.stripModversion ? KMOD_PROBE.FORCE_MODVERSION : 0) |
      (args.force || args.stripVermagic ? KMOD_PROBE.FORCE_VERMAGIC : 0) |
      (args.ignoreCommands ? KMOD_PROBE.IGNORE_COMMAND : 0) |
      (args.showDepends ? KMOD_PROBE.IGNORE_LOADED : 0) |
      (args.dryRun ? KMOD_PROBE.DRY_RUN : 0) |
      (args.useBlacklist ? KMOD_PROBE.APPLY_BLACKLIST : 0) |
      (args.firstTime ? KMOD_PROBE.FAIL_ON_LOADED : 0)
    );
  }
}

// biome-ignore lint/correctness/useYield: a coroutine that takes no time
function* failAtOnce(): Coroutine<number> {
  return EXIT_FAILURE;
}

function insertError({ name }: ModuleRef, err: number): string {
  const start = `could not insert '${name}': `;
  if (err === -ERRNO.EEXIST) return `${start}Module already in kernel`;
  if (err === -ERRNO.ENOENT) {
    return `${start}Unknown symbol in module, or unknown parameter (see dmesg)`;
  }
  return start + strerror(err);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function tidy(path: string): string {
  return path.replace(/\/+/g, '/').replace(/\/$/, '');
}
