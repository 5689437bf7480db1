// SPDX-License-Identifier: MIT
import type { Coroutine } from '../engine/index.ts';
import type { UdevManager } from './udev-manager.ts';
import type { Uevent } from './uevent.ts';
import type { UserKernel } from './user-kernel.ts';

/**
 * `udevadm trigger --action=add`, the coldplug of a boot: one process writes to the `uevent` file
 * of one device after the other, and the kernel answers each write with an event.
 */
export function* udevTrigger(
  kernel: UserKernel,
  udev: UdevManager,
  devices: Iterable<Uevent>,
): Coroutine<void> {
  for (const device of devices) {
    yield kernel.engine.work(kernel.costs.path_open_ns);
    yield* udev.emit(device);
  }
}
