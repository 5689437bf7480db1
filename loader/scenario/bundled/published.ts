// SPDX-License-Identifier: MIT
/**
 * The guests whose boots were measured in April and May 2023 (Luis Chamberlain's mails about
 * df3e764d8e5c, 064f4536d139 and 9b9879fc0327). What was fitted on which table stands with each
 * constant; see the README beside the schema.
 */
import type { ScenarioInput } from '../schema.ts';

interface PublishedGuest {
  readonly name: string;
  readonly description: string;
  readonly kernel: ScenarioInput['kernel'];
  readonly cpus: number;
  readonly memory_mb: number;
}

/**
 * How long a module's init takes in these guests, in microseconds, whatever the number of CPUs.
 * Fitted on the tables of April 2023, with the constants of `kvm-guest`, for modules that register
 * algorithms: their kernels' self-tests are part of it.
 */
export const INIT_US: Readonly<Record<string, number>> = {
  crc32c_intel: 1500,
  crc32_pclmul: 50,
  cryptd: 2500,
  aesni_intel: 150_000,
  sha512_generic: 35_000,
  sha512_ssse3: 5000,
  ghash_clmulni_intel: 1700,
  crct10dif_pclmul: 17_500,
  kvm: 150_000,
  kvm_intel: 150_000,
};

/** Features of the CPU's modalias: PCLMULQDQ, VMX, SSSE3, SSE4.2, AES. */
const CPU = 'cpu:type:x86,ven0000fam0006mod006A:feature:,0081,0085,0089,0094,0099,';

/**
 * A CPU is three devices, and udevadm trigger comes to them in the order of their paths in sysfs:
 * first the ACPI processor and the clock event device of every CPU, which ask for no module that
 * is not there, then the CPUs themselves. udevd gives the CPUs' events to the workers that earlier
 * events have left idle, many times faster than it forks new ones.
 */
const CPU_EVENTS = ['acpi:ACPI0007:', 'clockevents', CPU] as const;

/**
 * Subsystems, drivers and devices that come before those and need no module; an estimate, the same
 * for both guests.
 * Model: what comes behind the CPUs is left out. The initramfs has the same events as the root.
 */
const EARLIER_EVENTS = 500;

const NVME = 'pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02';
const VIRTIO = 'pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00';

/** The initramfs holds what the root file system needs, so a CPU finds only two modules there. */
const INITRAMFS = `alias initramfs-cpu crc32c_intel
alias initramfs-cpu crc32_pclmul
`;

/** Everything else, which one process loads after the other, as systemd-modules-load and mount do. */
const OTHERS = [
  'i2c_piix4',
  'button',
  'pcspkr',
  'configfs',
  'dm_mod',
  'loop',
  'joydev',
  'efivarfs',
  'efi_pstore',
  'ata_piix',
  'ata_generic',
  'sr_mod',
  'sg',
  'drm',
  'virtio_net',
  'virtio_blk',
  'virtio_rng',
  'virtio_balloon',
  '9p',
  '9pnet_virtio',
  'ip_tables',
  'nfnetlink',
  'crc32c_generic',
  'crc64_rocksoft_generic',
  'ext4',
  'xfs',
  'btrfs',
  'autofs4',
] as const;

function guest({ name, description, kernel, cpus, memory_mb }: PublishedGuest): ScenarioInput {
  const device = {
    per: 'device' as const,
    op: 'uevent' as const,
    by: 'one' as const,
    cpus: { list: [0] },
  };
  const cpu = { per: 'cpu', op: 'uevent', by: 'one' } as const;
  const init = Object.entries(INIT_US).map(
    ([module, duration_us]) => [module, { duration_us, sleeps: true }] as const,
  );
  return {
    version: 1,
    name,
    description,
    kernel,
    machine: { kind: 'kvm-guest', cpus, sockets: cpus > 64 ? 2 : 1, vmalloc: 'x86-64', memory_mb },
    modules: { catalog: 'published', init: Object.fromEntries(init) },
    userspace: { modprobe_conf: INITRAMFS },
    storm: {
      phases: { initramfs: { at_ms: 0 }, root: { at_ms: 6000 } },
      generators: [
        { ...device, phase: 'initramfs', modules: [NVME], count: 4 },
        { ...device, phase: 'initramfs', modules: [VIRTIO], count: 4 },
        {
          ...device,
          phase: 'initramfs',
          modules: ['platform:'],
          missing: 'ask',
          count: EARLIER_EVENTS,
          arrival: { at_us: 500 },
        },
        {
          ...cpu,
          phase: 'initramfs',
          modules: ['acpi:ACPI0007:', 'clockevents', 'initramfs-cpu'],
          order: 'rounds',
          missing: 'ask',
          arrival: { at_us: 500 + 30 * EARLIER_EVENTS },
        },
        { ...device, phase: 'root', modules: ['serio_raw'], count: 2 },
        { ...device, phase: 'root', modules: ['evdev'], count: 3 },
        {
          ...device,
          phase: 'root',
          modules: ['platform:'],
          missing: 'ask',
          count: EARLIER_EVENTS,
          arrival: { at_us: 500 },
        },
        {
          ...cpu,
          phase: 'root',
          modules: [...CPU_EVENTS],
          order: 'rounds',
          missing: 'ask',
          arrival: { at_us: 500 + 30 * EARLIER_EVENTS },
        },
        {
          per: 'process',
          count: 1,
          cpus: { list: [1] },
          phase: 'root',
          op: 'modprobe',
          modules: [...OTHERS],
        },
      ],
    },
  };
}

/** Before the early check; the statistics were there already. */
export const PUBLISHED_255 = guest({
  name: 'published-255',
  description: 'the 255-CPU guest of April 2023, statistics but no early check',
  kernel: { base: 'v6.4', early_check: false },
  cpus: 255,
  memory_mb: 131_072,
});

export const PUBLISHED_8 = guest({
  name: 'published-8',
  description: 'the 8-CPU guest of April 2023, with the early check',
  kernel: 'v6.4',
  cpus: 8,
  memory_mb: 8192,
});

/** The memory of this guest was not published; 8 GiB, as the small one had, is assumed. */
export const PUBLISHED_255_MAY2023 = guest({
  name: 'published-255-may2023',
  description: 'the 255-CPU guest of May 2023',
  kernel: 'v6.4',
  cpus: 255,
  memory_mb: 8192,
});
