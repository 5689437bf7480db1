// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';

/** A board with two CPUs and 512 MiB: a coldplug of a dozen devices, then two mounts. */
export const SMALL_BOX: ScenarioInput = {
  version: 1,
  name: 'small-box',
  description: 'two CPUs and 512 MiB: a coldplug, then two mounts',
  machine: { cpus: 2, memory_mb: 512 },
  modules: { catalog: 'boot', init: {} },
  storm: {
    phases: { coldplug: { at_ms: 0 }, mount: { at_ms: 200 } },
    generators: [
      {
        per: 'device',
        count: 1,
        phase: 'coldplug',
        op: 'uevent',
        by: 'one',
        modules: [
          'pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00',
          'pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02',
          'virtio:d00000001v00001AF4',
          'virtio:d00000002v00001AF4',
          'virtio:d00000004v00001AF4',
          'virtio:d00000005v00001AF4',
          'acpi:LNXPWRBN:',
          'platform:pcspkr',
        ],
      },
      {
        per: 'process',
        count: 2,
        phase: 'mount',
        op: 'request_module',
        form: 'fs',
        modules: ['ext4', 'xfs'],
      },
    ],
  },
};
