// SPDX-License-Identifier: MIT
// Runs the programs of a build: output to a log file, a counter on a terminal, a line every ten
// seconds elsewhere, nothing half-written.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** A program of the build failed; the message ends with the last lines it printed. */
export class BuildFailure extends Error {}

/** The user asked to stop. */
export class Interrupted extends Error {}

export interface Step {
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
}

const TAIL_LINES = 25;
const REFRESH_MS = 250;
/** Between lines where no terminal shows a counter. */
const LINE_MS = 10_000;

/** Runs one step to its end. Rejects with {@link BuildFailure} or {@link Interrupted}. */
export function runStep(step: Step, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const log = openSync(step.log, 'a');
  writeSync(log, `# ${step.program} ${step.args.join(' ')}\n`);
  const child = spawn(step.program, step.args, {
    cwd: step.cwd,
    env: { ...process.env, ...step.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own, so that all of it can be stopped
  });
  const progress = new Progress(step.title);
  const onOutput = (chunk: Buffer): void => {
    writeSync(log, chunk);
    progress.lines(countNewlines(chunk));
  };
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new BuildFailure(`${step.program}: ${error.message}`)));
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      progress.end();
      closeSync(log);
      if (signal.aborted) reject(new Interrupted('interrupted'));
      else if (code === 0) resolve();
      else reject(new BuildFailure(`${step.title} failed, see ${step.log}\n${tail(step.log)}`));
    });
  });
}

function countNewlines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++;
  return count;
}

function tail(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** A line on a terminal that rewrites itself; elsewhere one that is printed now and then. */
class Progress {
  readonly #title: string;
  readonly #started = Date.now();
  readonly #tty = process.stderr.isTTY === true;
  readonly #timer: ReturnType<typeof setInterval>;
  #lines = 0;

  constructor(title: string) {
    this.#title = title;
    this.#timer = setInterval(() => this.#draw(), this.#tty ? REFRESH_MS : LINE_MS);
    if (this.#tty) this.#draw();
  }

  lines(count: number): void {
    this.#lines += count;
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#tty) process.stderr.write('\r\x1b[K');
  }

  #draw(): void {
    const seconds = Math.floor((Date.now() - this.#started) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const text = `${this.#title} … ${clock}, ${this.#lines} steps`;
    process.stderr.write(this.#tty ? `\r\x1b[K${text}` : `${text}\n`);
  }
}
