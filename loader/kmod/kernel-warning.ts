// SPDX-License-Identifier: MIT
import { type Engine, LOG_LEVEL, type Printk } from '../engine/index.ts';

/** What a WARN needs: a log, a place to say who did it, a taint mask. */
export interface WarnContext {
  readonly engine: Engine;
  readonly log: Printk;
  /** Takes the taint letter `W`. */
  readonly taint?: { add(letter: string): void };
}

/**
 * The lines of a WARN() at `place` ("kernel/module/kmod.c:143 __request_module"), all at warning
 * level (kernel/panic.c, Linux 6.12).
 * Model: no offset after the function, no registers and no stack.
 */
export function warn(ctx: WarnContext, place: string, message?: string): void {
  const { engine, log } = ctx;
  const { WARNING } = LOG_LEVEL;
  log.print(WARNING, '------------[ cut here ]------------');
  if (message !== undefined) log.print(WARNING, message);
  const pid = engine.current?.pid ?? 0;
  log.print(WARNING, `WARNING: CPU: ${engine.currentCpu} PID: ${pid} at ${place}`);
  ctx.taint?.add('W');
  log.print(WARNING, '---[ end trace 0000000000000000 ]---');
}
