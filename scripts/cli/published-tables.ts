/**
 * What was measured, to be printed beside what the model says; nothing in the model reads it.
 * April 2023: [PATCH v3 3/4] "module: add debug stats to help identify memory pressure", Message-Id
 * 20230414050836.1984746-4-mcgrof@kernel.org. May 2023: the thread that led to 9b9879fc0327.
 */
export interface PublishedTable {
  readonly title: string;
  /** Bytes wasted in all. */
  readonly wasted: number;
  readonly failed_becoming?: number;
  readonly failed_load?: number;
  readonly becoming_bytes?: number;
  readonly load_bytes?: number;
  readonly modules: number;
  readonly total_mod_size?: number;
  readonly total_text_size?: number;
  readonly duplicates: Readonly<Record<string, number>>;
}

const APRIL = { modules: 67, total_mod_size: 11_464_704, total_text_size: 4_194_304 } as const;

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
} as const satisfies Record<string, PublishedTable>;

/** May 2023, 255 CPUs: bytes wasted under each of the rules that were tried. */
export const MAY_2023 = [
  { kernel: 'v6.4', title: 'before (v6.4)', wasted: 1_949_006_968 },
  { kernel: 'exclusive-read', title: 'deny-write during the read', wasted: 354_413_398 },
  { kernel: 'v6.4-rc4', title: 'deny-write during the call', wasted: 474_688 },
  { kernel: 'v6.5', title: 'one load per inode (v6.5)', wasted: 0 },
] as const;
