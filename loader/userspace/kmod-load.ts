// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';
import type { Libkmod } from './libkmod.ts';
import { KMOD_PROBE } from './probe-flags.ts';

/**
 * udev's `kmod load NAME`: loads every module the name stands for, except blacklisted ones; errors
 * are only logged (module_load_and_warn, src/shared/module-util.c, systemd 252).
 */
export function* kmodLoad(libkmod: Libkmod, name: string): Coroutine<void> {
  for (const ref of yield* libkmod.lookup(name)) {
    const state = yield* libkmod.initstate(ref.name, ref.builtin);
    if (state === 'live' || state === 'builtin') continue;
    yield* libkmod.probeInsert(ref, KMOD_PROBE.APPLY_BLACKLIST);
    if (libkmod.kernel.engine.current?.pending === 'kill') return;
  }
}
