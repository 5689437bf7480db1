// SPDX-License-Identifier: MIT
/** A machine for the kernel's vmalloc tests with the window as it is when their module starts. */
import {
  TestMachine,
  type TestMachineOptions,
} from '../../../loader/kernel-tests/test-vmalloc/index.ts';
import { preset } from './fixture.ts';

/** The window of a 120 MiB machine right after a boot with four CPUs, ACPI and BPF. */
export const BOOT_AREAS = `
0xf77fe000-0xf7800000    8192 acpi_os_map_iomem+0x229/0x240 phys=0x7ffe1000 ioremap
0xf7800000-0xf7803000   12288 acpi_os_map_iomem+0x229/0x240 phys=0x7ffe0000 ioremap
0xf7803000-0xf7805000    8192 bpf_prog_alloc_no_stats+0x23/0x150 pages=1 vmalloc
0xf7805000-0xf7808000   12288 bpf_jit_binary_alloc+0x47/0xa0 pages=2 vmalloc
0xf7808000-0xf780a000    8192 acpi_os_map_iomem+0x229/0x240 phys=0xfed00000 ioremap
0xf780a000-0xf780e000   16384 n_tty_open+0xe/0x78 pages=3 vmalloc
`;

/** Bytes of test_vmalloc.ko as it was built for that machine. */
const MODULE_FILE = 12_368;

export interface LoadedMachine {
  readonly machine: TestMachine;
  /** What delete_module, or the loader after a failed init, does. */
  unload(): void;
}

/** Loads test_vmalloc.ko: the file is read, four parts are placed, two are protected. */
export function loadTestModule(
  areas: string,
  options: Omit<TestMachineOptions, 'preset'>,
): LoadedMachine {
  const machine = new TestMachine({ preset: preset('i386-highmem'), ...options });
  const { space } = machine;
  const seeded = space.seedFromVmallocinfo(areas);
  if (!seeded.ok) throw new Error(seeded.message);
  const file = { caller: 'kernel_read_file', purpose: 'file', bytes: MODULE_FILE } as const;
  const { addr } = space.vmalloc(file)!;
  const [text, data, rodata, initText] = (['text', 'data', 'rodata', 'init_text'] as const).map(
    (purpose) => space.execmemAlloc({ caller: 'load_module', purpose, bytes: 4000 })!.addr,
  );
  space.vmUnmapAliases();
  space.vmUnmapAliases();
  space.vfree(addr);
  return {
    machine,
    unload: () => {
      for (const part of [text, rodata, initText, data]) space.execmemFree(part!);
    },
  };
}
