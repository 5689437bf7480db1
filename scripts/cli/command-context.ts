// SPDX-License-Identifier: MIT
/** Thrown when the user pressed Ctrl-C: the command line ends with 130. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
  }
}

/** What every command is given: where results go, and whether to stop. */
export class CommandContext {
  readonly #abort = new AbortController();

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  interrupt(): void {
    this.#abort.abort();
  }

  throwIfInterrupted(): void {
    if (this.#abort.signal.aborted) throw new Interrupted();
  }

  /** Writes to stdout and waits until it is taken; a reader that went away ends the program. */
  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }
}
