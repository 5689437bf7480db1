// SPDX-License-Identifier: MIT
/** A message of the kernel about a device, as far as loading modules goes. */
export interface Uevent {
  readonly action: 'add' | 'remove' | 'change' | 'bind' | 'unbind';
  /** Path in sysfs without `/sys`: `/devices/system/cpu/cpu3`. */
  readonly devpath: string;
  /** $MODALIAS; absent for devices that ask for no module. */
  readonly modalias?: string;
  /** More names that rules load for this device (`RUN{builtin}+="kmod load …"`). */
  readonly modules?: readonly string[];
  /** Called when a worker is done with it. */
  readonly processed?: () => void;
}

/**
 * What udev loads for an event: rules.d/80-drivers.rules acts on `add` alone (systemd 252).
 */
export function namesToLoad(uevent: Uevent): readonly string[] {
  if (uevent.action !== 'add') return [];
  const names = uevent.modules ?? [];
  return uevent.modalias === undefined || uevent.modalias === ''
    ? names
    : [uevent.modalias, ...names];
}
