// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { kstrtobool } from '../module/index.ts';

/**
 * `module.enable_dups_trace`, a bool_enable_only parameter: N may become Y, never the other way
 * (param_set_bool_enable_only, kernel/params.c, Linux 6.12).
 */
export class DupsTrace {
  #on: boolean;

  /** The start value is CONFIG_MODULE_DEBUG_AUTOLOAD_DUPS_TRACE or the boot parameter. */
  constructor(on = false) {
    this.#on = on;
  }

  get on(): boolean {
    return this.#on;
  }

  read(): string {
    return this.#on ? 'Y\n' : 'N\n';
  }

  /** 0, -EINVAL for what is no boolean, -EROFS for an attempt to switch it off. */
  write(text: string): number {
    const parsed = kstrtobool(text);
    if (!parsed.ok) return -parsed.errno;
    const on = parsed.value !== 0n;
    if (!on && this.#on) return -ERRNO.EROFS;
    this.#on = on;
    return 0;
  }
}
