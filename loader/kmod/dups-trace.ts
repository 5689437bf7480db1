import { ERRNO } from '../errno.ts';

/**
 * `module.enable_dups_trace`, a bool_enable_only parameter: N may become Y, never the other way
 * (param_set_bool_enable_only, kernel/params.c; kstrtobool, lib/kstrtox.c, Linux 6.12).
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
    const value = kstrtobool(text);
    if (value === undefined) return -ERRNO.EINVAL;
    if (!value && this.#on) return -ERRNO.EROFS;
    if (value) this.#on = true;
    return 0;
  }
}

/** Only the first character, or two of on and off, count. */
function kstrtobool(text: string): boolean | undefined {
  if (/^([yYtT1]|[oO][nN])/.test(text)) return true;
  if (/^([nNfF0]|[oO][fF])/.test(text)) return false;
  return undefined;
}
