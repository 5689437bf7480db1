// SPDX-License-Identifier: MIT
/**
 * Bare-metal machines whose storms were published: a server with 448 CPUs (June 2023), and the
 * storm of `acpi_cpufreq` on machines of 288 and 1,536 CPUs (2021 to 2023).
 */
import type { ScenarioInput } from '../schema.ts';

/** Model 0x55, a Skylake server: MWAIT, VMX, digital temperature sensors of core and package. */
const CPU = 'cpu:type:x86,ven0000fam0006mod0055:feature:,0083,0085,01C0,01C6,';

/**
 * Subsystems, drivers and devices that udevadm trigger comes to before those of the CPUs: some
 * five hundred of any machine, and as many again as eight sockets have devices on PCI.
 */
const EARLIER_EVENTS = 2500;

/** What the initramfs has for a CPU. */
const INITRAMFS = ['ghash_clmulni_intel', 'crc32c_intel', 'crc32_pclmul', 'crct10dif_pclmul']
  .map((module) => `alias initramfs-cpu ${module}\n`)
  .join('');

const ONE = { op: 'uevent', by: 'one' } as const;
const DEVICE = { per: 'device' as const, ...ONE, cpus: { list: [0] } };
const ROUNDS = { per: 'cpu', ...ONE, order: 'rounds', missing: 'ask' } as const;

export const PUBLISHED_448: ScenarioInput = {
  version: 1,
  name: 'published-448',
  description: 'the bare-metal server with 448 CPUs of June 2023, early check, one load a call',
  kernel: 'v6.4',
  machine: {
    kind: 'bare-metal',
    cpus: 448,
    sockets: 8,
    vmalloc: 'x86-64',
    memory_mb: 6_291_456,
  },
  modules: { catalog: 'published-server' },
  userspace: { modprobe_conf: INITRAMFS },
  storm: {
    phases: { initramfs: { at_ms: 0 }, root: { at_ms: 6000 } },
    generators: [
      {
        ...DEVICE,
        phase: 'initramfs',
        modules: ['platform:'],
        missing: 'ask',
        count: EARLIER_EVENTS,
        arrival: { at_us: 500 },
      },
      { ...DEVICE, phase: 'initramfs', modules: ['acpi:PNP0C02:'], count: 12 },
      {
        ...DEVICE,
        phase: 'initramfs',
        modules: ['pci:v00008086d0000A182sv0sd0bc01sc06i01'],
        count: 2,
      },
      { ...DEVICE, phase: 'initramfs', modules: ['pci:v00008086d0000158Bsv0sd0'], count: 4 },
      {
        ...ROUNDS,
        phase: 'initramfs',
        modules: ['acpi:LNXCPU:', 'clockevents', 'initramfs-cpu'],
        arrival: { at_us: 500 + 30 * EARLIER_EVENTS },
      },
      {
        ...DEVICE,
        phase: 'root',
        modules: ['platform:'],
        missing: 'ask',
        count: EARLIER_EVENTS,
        arrival: { at_us: 500 },
      },
      { ...DEVICE, phase: 'root', modules: ['pci:v00008086d00002021sv0sd0'], count: 64 },
      { ...DEVICE, phase: 'root', modules: ['acpi:IPI0001:', 'ipmi_devintf'], count: 2 },
      { ...DEVICE, phase: 'root', modules: ['pci:v00008086d00001592sv0sd0'], count: 4 },
      { ...DEVICE, phase: 'root', modules: ['auxiliary:ice.roce'], count: 4 },
      {
        ...ROUNDS,
        phase: 'root',
        modules: ['acpi:LNXCPU:', 'clockevents', CPU],
        arrival: { at_us: 500 + 30 * EARLIER_EVENTS },
      },
    ],
  },
};

/**
 * Another cpufreq driver is registered already, so acpi_cpufreq_init() returns at once; the ACPI
 * processor and the CPU device of each CPU ask for the module (systemd issue 19439).
 */
function cpufreqStorm(cpus: number): ScenarioInput {
  return {
    version: 1,
    name: `published-cpufreq-${cpus}`,
    description: `acpi_cpufreq asked for ${2 * cpus} times by ${cpus} CPUs, its init failing`,
    kernel: 'v6.1',
    machine: { kind: 'bare-metal', cpus, vmalloc: 'x86-64', memory_mb: 2048 * cpus },
    modules: {
      catalog: 'published-server',
      init: { acpi_cpufreq: { ret: -19, duration_us: 5 } },
    },
    storm: {
      phases: {},
      generators: [
        {
          ...ROUNDS,
          modules: ['acpi:ACPI0007:', 'cpu:type:x86,ven0000fam0006mod0055:feature:,0016,'],
        },
      ],
    },
  };
}

export const PUBLISHED_CPUFREQ_288 = cpufreqStorm(288);
export const PUBLISHED_CPUFREQ_1536 = cpufreqStorm(1536);
