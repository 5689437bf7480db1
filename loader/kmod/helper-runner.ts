// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';

/** UMH_NO_WAIT, UMH_WAIT_EXEC, UMH_WAIT_PROC (include/linux/umh.h, Linux 6.12). */
export type HelperWait = 'none' | 'exec' | 'proc';

/** One call of a user-mode helper. */
export interface HelperCall {
  /** The buffer that holds the path: looked at when the call is made and again at exec. */
  readonly program: { readonly path: string };
  /** argv from its second entry on; the first is the path. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly wait: HelperWait;
  /** UMH_KILLABLE: SIGKILL ends the caller's wait, not the helper. */
  readonly killable: boolean;
}

/**
 * call_usermodehelper_exec() as the current task. 0 or a negative errno where exec failed; with
 * `proc` also the wait status of the helper (exit code × 256, or its signal); -ERESTARTSYS when
 * the caller was killed.
 */
export interface HelperRunner {
  exec(call: HelperCall): Coroutine<number>;
}
