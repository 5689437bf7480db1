/** For which machines module files were made, by their ELF headers alone. */

import { decompressModule } from '../decompress/index.ts';
import type { ElfArch } from '../elf/index.ts';
import type { ModuleFile, ModuleSource } from '../module/index.ts';

/** Files of one machine. */
export interface MachineShare {
  /** As Debian or the kernel calls it: `x86_64`, `riscv64`, `ppc64el`, `machine 999`. */
  readonly name: string;
  /** The architecture in the model; undefined when the model has none for it. */
  readonly arch: ElfArch | undefined;
  readonly files: number;
  /** One of them. */
  readonly example: string;
}

export interface ModuleMachines {
  /** The commonest first. */
  readonly shares: readonly MachineShare[];
  /** Files looked at, files that are no ELF among them. */
  readonly looked: number;
}

/** Files looked at, evenly spread: one directory is seldom of several machines. */
const SAMPLE = 24;
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
/** No kernel reads a larger file (kernel_read_file). */
const INT_MAX = 0x7fff_ffff;

const ARCH: Readonly<Record<string, ElfArch>> = {
  i386: 'i386',
  x86_64: 'x86_64',
  arm: 'arm',
  arm64: 'arm64',
};

/** e_machine (include/uapi/linux/elf-em.h, Linux 6.12): the name for 32 and for 64 bits. */
const MACHINES: Readonly<Record<number, readonly [string, string]>> = {
  2: ['sparc', 'sparc'],
  3: ['i386', 'i386'],
  4: ['m68k', 'm68k'],
  6: ['i386', 'i386'],
  8: ['mips', 'mips64'],
  15: ['parisc', 'parisc64'],
  20: ['powerpc', 'powerpc'],
  21: ['ppc64', 'ppc64'],
  22: ['s390', 's390x'],
  40: ['arm', 'arm'],
  42: ['sh4', 'sh4'],
  43: ['sparc64', 'sparc64'],
  50: ['ia64', 'ia64'],
  62: ['x32', 'x86_64'],
  93: ['arc', 'arc'],
  94: ['xtensa', 'xtensa'],
  183: ['arm64 ILP32', 'arm64'],
  195: ['arc', 'arc'],
  243: ['riscv32', 'riscv64'],
  252: ['csky', 'csky'],
  258: ['loongarch32', 'loongarch64'],
  36902: ['alpha', 'alpha'],
};

/** Names whose little-endian form is called otherwise. */
const LITTLE: Readonly<Record<string, string>> = {
  mips: 'mipsel',
  mips64: 'mips64el',
  ppc64: 'ppc64el',
};
/** Of the others, those that are big-endian only in an odd build. */
const USUALLY_LITTLE = new Set(['i386', 'x86_64', 'arm', 'arm64', 'riscv32', 'riscv64']);

/** The machine of an ELF header; undefined when the bytes begin with none. */
export function machineOfElf(image: Uint8Array): string | undefined {
  if (image.length < 20 || ELF_MAGIC.some((byte, i) => image[i] !== byte)) return undefined;
  const bits64 = image[4] === 2;
  const little = image[5] !== 2;
  const machine = little ? image[18]! | (image[19]! << 8) : (image[18]! << 8) | image[19]!;
  const name = MACHINES[machine]?.[bits64 ? 1 : 0];
  if (name === undefined) return `machine ${machine}`;
  if (little) return LITTLE[name] ?? name;
  return USUALLY_LITTLE.has(name) ? `${name} big-endian` : name;
}

const LOOKED = new WeakMap<ModuleSource, ModuleMachines>();

/** Looks at some files of a source, once. */
export function machinesOfModules(source: ModuleSource): ModuleMachines {
  const known = LOOKED.get(source);
  if (known !== undefined) return known;
  const machines = lookAt(source);
  LOOKED.set(source, machines);
  return machines;
}

function lookAt(source: ModuleSource): ModuleMachines {
  if (source.identity !== undefined) {
    const { arch } = source.identity;
    const example = source.files[0]?.path ?? '';
    return { shares: [{ name: arch, arch, files: source.files.length, example }], looked: 0 };
  }
  const files = spread(source.files.filter(({ size }) => size <= INT_MAX));
  const found = new Map<string, { files: number; example: string }>();
  for (const file of files) {
    const bytes = file.read();
    const name = machineOfElf(bytes) ?? machineOfElf(decompressModule(bytes) ?? bytes);
    if (name === undefined) continue;
    const entry = found.get(name) ?? { files: 0, example: file.path };
    entry.files += 1;
    found.set(name, entry);
  }
  const shares = [...found].map(([name, entry]) => ({ name, arch: ARCH[name], ...entry }));
  return { shares: shares.sort((a, b) => b.files - a.files), looked: files.length };
}

function spread(files: readonly ModuleFile[]): readonly ModuleFile[] {
  if (files.length <= SAMPLE) return files;
  return Array.from({ length: SAMPLE }, (_, i) => files[Math.floor((i * files.length) / SAMPLE)]!);
}
