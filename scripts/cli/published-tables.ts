// SPDX-License-Identifier: MIT
/**
 * What was measured, to be printed beside what the model says; nothing in the model reads it.
 * April 2023: [PATCH v3 3/4] "module: add debug stats to help identify memory pressure", Message-Id
 * 20230414050836.1984746-4-mcgrof@kernel.org. May 2023: the thread that led to 9b9879fc0327. June
 * 2023: David Hildenbrand, Message-Id fa3f1a1f-edc6-f13b-cc84-f3264b03b0b1@redhat.com.
 */
export interface PublishedTable {
  readonly title: string;
  /** The constants were chosen with this table in view. */
  readonly fitted: boolean;
  /** Bytes wasted in all. */
  readonly wasted: number;
  readonly failed_becoming?: number;
  readonly failed_load?: number;
  readonly becoming_bytes?: number;
  readonly load_bytes?: number;
  readonly modules?: number;
  readonly total_mod_size?: number;
  readonly total_text_size?: number;
  readonly duplicates: Readonly<Record<string, number>>;
}

const APRIL = {
  fitted: true,
  modules: 67,
  total_mod_size: 11_464_704,
  total_text_size: 4_194_304,
} as const;

export const PUBLISHED_TABLES = {
  'published-255': {
    title: '255 CPUs, April 2023, before the early check',
    ...APRIL,
    wasted: 14_588_526_272,
    failed_becoming: 0,
    failed_load: 1411,
    becoming_bytes: 0,
    load_bytes: 14_588_526_272,
    duplicates: {
      kvm_intel: 249,
      kvm: 249,
      irqbypass: 8,
      crct10dif_pclmul: 128,
      ghash_clmulni_intel: 27,
      sha512_ssse3: 50,
      sha512_generic: 200,
      aesni_intel: 249,
      crypto_simd: 41,
      cryptd: 131,
      evdev: 2,
      serio_raw: 1,
      virtio_pci: 3,
      nvme: 3,
      nvme_core: 3,
      virtio_pci_legacy_dev: 3,
      virtio_pci_modern_dev: 3,
      t10_pi: 3,
      virtio: 3,
      crc32_pclmul: 6,
      crc64_rocksoft: 3,
      crc32c_intel: 40,
      virtio_ring: 3,
      crc64: 3,
    },
  },
  'published-8': {
    title: '8 CPUs, April 2023, with the early check',
    ...APRIL,
    wasted: 237_537_176,
    failed_becoming: 83,
    failed_load: 16,
    becoming_bytes: 228_959_096,
    load_bytes: 8_578_080,
    duplicates: {
      kvm_intel: 7,
      kvm: 7,
      irqbypass: 6,
      crct10dif_pclmul: 7,
      ghash_clmulni_intel: 7,
      sha512_ssse3: 6,
      sha512_generic: 7,
      aesni_intel: 7,
      crypto_simd: 7,
      cryptd: 3,
      evdev: 1,
      serio_raw: 1,
      nvme: 3,
      nvme_core: 3,
      t10_pi: 3,
      virtio_pci: 3,
      crc32_pclmul: 6,
      crc64_rocksoft: 3,
      crc32c_intel: 3,
      virtio_pci_modern_dev: 2,
      virtio_pci_legacy_dev: 1,
      crc64: 2,
      virtio: 2,
      virtio_ring: 2,
    },
  },
  // Of the 75 modules it loaded the 36 that failed are known; sizes and text of all are not compared.
  'published-448': {
    title: '448 CPUs, bare metal, June 2023, with the early check',
    fitted: false,
    wasted: 20_358_550_424,
    failed_becoming: 8052,
    failed_load: 531,
    becoming_bytes: 19_185_958_488,
    load_bytes: 1_172_591_936,
    duplicates: {
      intel_rapl_common: 447,
      intel_uncore_frequency: 447,
      intel_uncore_frequency_common: 445,
      isst_if_mbox_msr: 447,
      isst_if_common: 447,
      skx_edac: 447,
      nfit: 447,
      libnvdimm: 447,
      x86_pkg_temp_thermal: 447,
      intel_powerclamp: 447,
      coretemp: 447,
      kvm_intel: 447,
      kvm: 447,
      irdma: 3,
      ice: 3,
      irqbypass: 447,
      rapl: 393,
      gnss: 2,
      ioatdma: 63,
      ib_uverbs: 3,
      intel_cstate: 447,
      ipmi_si: 1,
      intel_uncore: 447,
      ib_core: 3,
      ipmi_devintf: 1,
      ipmi_msghandler: 1,
      dca: 63,
      ahci: 1,
      i40e: 3,
      libahci: 1,
      crct10dif_pclmul: 195,
      crc32_pclmul: 262,
      crc32c_intel: 126,
      libata: 1,
      ghash_clmulni_intel: 297,
      fjes: 11,
    },
  },
} as const satisfies Record<string, PublishedTable>;

/** May 2023, 255 CPUs: bytes wasted under each of the rules that were tried. */
export const MAY_2023 = [
  { kernel: 'v6.4', title: 'before (v6.4)', wasted: 1_949_006_968 },
  { kernel: 'exclusive-read', title: 'deny-write during the read', wasted: 354_413_398 },
  { kernel: 'v6.4-rc4', title: 'deny-write during the call', wasted: 474_688 },
  { kernel: 'v6.5', title: 'one load per inode (v6.5)', wasted: 0 },
] as const;

/** Reports of 2021 to 2023 (systemd issue 19439, 0254127ab977): in words, without figures. */
export const CPUFREQ_STORM = {
  scenario: 'published-cpufreq-288',
  title: 'acpi_cpufreq asked for twice by each of 288 CPUs, its init failing, 2021 to 2023',
  kernels: [
    { kernel: 'v6.1', reported: 'reported: minutes' },
    { kernel: 'v6.3', reported: 'reported: none' },
  ],
} as const;
