// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';
import type { LoadStage, WastedBytes } from '../events/index.ts';

/**
 * One system call on its way through the loader: where it has come, and what it took and lost.
 */
export class ModuleCall {
  readonly request: number;
  readonly op: string;
  readonly subject: string;
  /** The module's name, once it is known. */
  module = '';
  /** The request its task was serving before; 0 for none. */
  outer = 0;
  stage: LoadStage = 'request';
  /** What a read read. */
  text: string | undefined;
  /** What a program printed, line by line. */
  output: readonly string[] | undefined;
  /** Bytes of address space taken in all, guard pages included. */
  allocated: Bytes = 0;
  readonly #wasted = { kread: 0, decompress: 0, becoming: 0, load: 0 };

  constructor(request: number, op: string, subject: string) {
    this.request = request;
    this.op = op;
    this.subject = subject;
  }

  get wasted(): WastedBytes {
    return this.#wasted;
  }

  waste(stage: keyof WastedBytes, bytes: Bytes): void {
    this.#wasted[stage] += bytes;
  }
}
