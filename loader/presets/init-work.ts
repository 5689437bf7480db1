// SPDX-License-Identifier: MIT
/**
 * What the init functions of modules that every CPU asks for do, as far as it takes time: counted in
 * their sources, Linux 6.4. How long each piece takes is the machine's business (`costs.ts`), and how
 * long it takes under load is that of the locks the pieces go through.
 */
export interface InitWork {
  /** cpuhp_setup_state() with a callback on each online CPU, one CPU after the other. */
  readonly hotplugStates?: number;
  /** Entries it makes in sysfs: perf PMUs, hwmon and thermal devices. */
  readonly files?: number;
  /** Entries more for each CPU. */
  readonly filesPerCpu?: number;
  /** Algorithms it registers; each is tested by a thread of its own before the next. */
  readonly algorithms?: number;
}

/** By module name. A module that is not here takes `init_ns` alone. */
export const INIT_WORK: Readonly<Record<string, InitWork>> = {
  // arch/x86/crypto, crypto: one cipher; 6 skciphers and 2 AEADs, each again behind simd
  aesni_intel: { algorithms: 17 },
  crc32c_intel: { algorithms: 1 },
  crc32_pclmul: { algorithms: 1 },
  crct10dif_pclmul: { algorithms: 1 },
  ghash_clmulni_intel: { algorithms: 2 },
  // the two digests, again for each instruction set the CPU has
  sha1_ssse3: { algorithms: 4 },
  sha256_ssse3: { algorithms: 8 },
  sha512_ssse3: { algorithms: 6 },
  sha512_generic: { algorithms: 2 },
  // arch/x86/events: states with callbacks; a PMU is a device with its events and formats
  intel_uncore: { hotplugStates: 1, files: 1400 },
  intel_cstate: { hotplugStates: 2, files: 40 },
  rapl: { hotplugStates: 1, files: 30 },
  // drivers/hwmon: a device for each package, five files for each core, in the callback
  coretemp: { hotplugStates: 1, filesPerCpu: 2.5 },
  // drivers/thermal/intel
  x86_pkg_temp_thermal: { hotplugStates: 1, files: 60 },
  intel_powerclamp: { hotplugStates: 1, files: 12 },
  // drivers/platform/x86/intel
  intel_uncore_frequency: { hotplugStates: 1, files: 60 },
  isst_if_common: { hotplugStates: 1 },
  // drivers/edac: a controller for each memory controller, a file for each DIMM and channel
  skx_edac: { files: 800 },
  // kvm_x86_check_processor_compat() on one CPU after the other
  kvm_intel: { hotplugStates: 1 },
};
