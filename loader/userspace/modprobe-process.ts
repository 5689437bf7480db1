// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';
import { type ModprobeArgs, PRIORITY } from './modprobe-args.ts';

const NAMES: Readonly<Record<number, string>> = {
  [PRIORITY.CRIT]: 'FATAL',
  [PRIORITY.ERR]: 'ERROR',
  [PRIORITY.WARNING]: 'WARNING',
  [PRIORITY.INFO]: 'INFO',
};

/** What a probe tells the program that asked for it, and what it runs for it. */
export interface ProbeHost {
  /** A message of libkmod; `place` as Debian's build names it. */
  library(priority: number, place: string, text: string): void;
  /** print_action(): what is done, or would be. */
  show(text: string): void;
  /** A command of modprobe.d for a module: its exit code. */
  runCommand(command: string, module: string): Coroutine<number>;
}

/** Runs modprobe with these arguments, inside an install command; its exit code. */
export type RunModprobe = (argv: readonly string[]) => Coroutine<number>;

/**
 * The streams of one modprobe: what it prints, line by line, to either of them
 * (tools/log.c, kmod 30). With `-s` messages go to syslog; they keep a mark of that.
 */
export class ModprobeProcess {
  readonly said: string[];
  readonly args: Pick<ModprobeArgs, 'verbose' | 'syslog' | 'all' | 'showDepends' | 'inherited'>;
  /** A FATAL message ends the program where it stands. */
  exited = false;

  constructor(args: ModprobeProcess['args'], said: string[]) {
    this.args = args;
    this.said = said;
  }

  /** LOG(): FATAL, which ends the program, or with `-a` a warning. */
  log(text: string): void {
    this.#print(this.args.all ? PRIORITY.WARNING : PRIORITY.CRIT, text);
  }

  err(text: string): void {
    this.#print(PRIORITY.ERR, text);
  }

  library(priority: number, place: string, text: string): void {
    this.#print(priority, `../libkmod/${place} ${text}`);
  }

  /** Standard output. */
  out(text: string): void {
    this.said.push(text);
  }

  /** SHOW() */
  show(text: string): void {
    if (this.args.showDepends || this.args.verbose > PRIORITY.WARNING) this.out(text);
  }

  #print(priority: number, text: string): void {
    if (priority > this.args.verbose) return;
    const line = `modprobe: ${NAMES[priority]}: ${text}`;
    this.said.push(this.args.syslog ? `syslog: ${line}` : line);
    if (priority <= PRIORITY.CRIT) this.exited = true;
  }
}
