/**
 * What loading one module file takes of the address space, stage by stage, and what is wasted when
 * it fails there: the same rules as the load pipeline follows, without running it
 * (kernel/module/main.c and decompress.c, Linux 6.12).
 */

import { type Bytes, ERRNO, PAGE_SIZE, pageAlign, pagesFor } from '../base/index.ts';
import {
  type CompressionFormat,
  type DecodeResult,
  decompressModule,
  moduleDecompressionFormat,
} from '../decompress/index.ts';
import {
  checkRwxSections,
  type ElfKernel,
  layoutBefore64,
  layoutModule,
  type ModMemType,
  type ModuleElf,
  readElf,
} from '../elf/index.ts';
import { decodeAs } from '../module/index.ts';
import type { KernelFeatures } from '../presets/index.ts';

export interface CostKernel {
  readonly elf: ElfKernel;
  readonly features: KernelFeatures;
}

export type CostMemoryType = ModMemType | 'CORE' | 'INIT';

export interface CostMemory {
  readonly type: CostMemoryType;
  /** Whole pages. */
  readonly bytes: Bytes;
  /** Address space: the pages and the guard page, and a page array beyond what kmalloc gives. */
  readonly va: Bytes;
}

/** Where and why the kernel refuses the file, and what it prints. */
export interface CostRefusal {
  readonly stage: 'decompress' | 'becoming';
  readonly errno: number;
  readonly message: string;
}

export interface ModuleCost {
  readonly path: string;
  /** Name in struct module; null when the file is refused before it is read. */
  readonly name: string | null;
  readonly file_bytes: Bytes;
  readonly format: CompressionFormat | null;
  /** A file compressed in another way than the kernel's is decompressed in user space. */
  readonly via: 'finit_module' | 'init_module';
  /** Bytes of the ELF image (`info->len`); 0 when it does not decode. */
  readonly module_bytes: Bytes;
  readonly refused: CostRefusal | null;
  /** Address space of the first copy: the file, or the image given to init_module. */
  readonly copy_va: Bytes;
  /** In the kernel: the most that dictionary and workspace take at once, and the mapped image. */
  readonly decompress: {
    readonly dictionary_bytes: Bytes;
    readonly dictionary_va: Bytes;
    readonly image_va: Bytes;
  } | null;
  /** In the order of allocation; types of no size left out. */
  readonly memory: readonly CostMemory[];
  readonly core: Bytes;
  readonly init: Bytes;
  readonly total: Bytes;
  readonly text: Bytes;
  /**
   * Address space: what is given back by the time the module runs, the most held at once, and what
   * stays. Areas that wait in the lazy list are not counted.
   */
  readonly va: { readonly transient: Bytes; readonly peak: Bytes; readonly resident: Bytes };
  /** What the counters add when it fails at a stage; null where that stage does not exist. */
  readonly wasted: {
    readonly kread: Bytes;
    readonly decompress: Bytes | null;
    readonly becoming: Bytes;
    readonly load: Bytes;
  };
}

/** kvmalloc() turns to vmalloc above this (KMALLOC_MAX_SIZE). */
const KMALLOC_MAX: Bytes = 4 * 1024 * 1024;

/** Address space of one vmalloc: pages, guard, and the array of page pointers if above a page. */
export function vmallocCost(bytes: Bytes, wordBits: 32 | 64): Bytes {
  if (bytes === 0) return 0;
  const array = pagesFor(bytes) * (wordBits / 8);
  const own = pageAlign(bytes) + PAGE_SIZE;
  return array > PAGE_SIZE ? own + vmallocCost(array, wordBits) : own;
}

/** The cost of one file under the rules of `kernel`. */
export function moduleCost(path: string, bytes: Uint8Array, kernel: CostKernel): ModuleCost {
  const { wordBits } = kernel.elf;
  const format = moduleDecompressionFormat(bytes);
  const inKernel = format !== null && format === kernel.features.compression;
  const decoded = inKernel ? decodeAs(format, bytes, wordBits) : undefined;
  const image = decoded ? (decoded.ok ? decoded.image : undefined) : decompressModule(bytes);
  const via = format === null || inKernel ? 'finit_module' : 'init_module';
  const copied = via === 'finit_module' ? bytes.length : (image?.length ?? 0);
  const copyVa = vmallocCost(copied, wordBits);
  const decompress = decoded ? decompressCost(decoded, kernel) : null;
  const module = image ? formCost(image, kernel) : unformed(decoded, format);
  const areas = sum(module.memory.map(({ va }) => va));
  const resident = sum(module.memory.filter(({ type }) => !isInit(type)).map(({ va }) => va));
  const image_va = decompress?.image_va ?? 0;
  const compressedLen = decoded ? bytes.length : 0;
  const len = image?.length ?? 0;
  return {
    path,
    name: module.name,
    file_bytes: bytes.length,
    format,
    via,
    module_bytes: len,
    refused: module.refused,
    copy_va: copyVa,
    decompress,
    memory: module.memory,
    core: module.core,
    init: module.init,
    total: module.core + module.init,
    text: module.text,
    va: {
      transient: copyVa + (decompress?.dictionary_va ?? 0) + image_va + areas - resident,
      peak: decompress
        ? Math.max(copyVa + Math.max(decompress.dictionary_va, image_va), image_va + areas)
        : copyVa + areas,
      resident,
    },
    wasted: {
      // finit_module counts no bytes for a failed read, init_module those it was asked to copy.
      kread: via === 'finit_module' ? 0 : len,
      decompress: decoded ? bytes.length : null,
      becoming: len + compressedLen,
      load: 2 * len + compressedLen,
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function isInit(type: CostMemoryType): boolean {
  return type.startsWith('INIT');
}

/** Buffers as the decoder takes them: one that `replaces` frees the one before it first. */
function decompressCost(decoded: DecodeResult, { elf, features }: CostKernel) {
  let dictionary_bytes = 0;
  let dictionary_va = 0;
  let held: Bytes[] = [];
  for (const { bytes, how, replaces } of decoded.vm) {
    if (replaces) held = held.slice(0, -1);
    const inVmalloc = how === 'vmalloc' || features.workspace === 'vmalloc' || bytes > KMALLOC_MAX;
    held.push(inVmalloc ? bytes : 0);
    dictionary_bytes = Math.max(dictionary_bytes, sum(held));
    const va = sum(held.map((one) => vmallocCost(one, elf.wordBits)));
    dictionary_va = Math.max(dictionary_va, va);
  }
  const image_va = decoded.ok ? (decoded.pages + 1) * PAGE_SIZE : 0;
  return { dictionary_bytes, dictionary_va, image_va };
}

interface Formed {
  readonly name: string | null;
  readonly refused: CostRefusal | null;
  readonly memory: readonly CostMemory[];
  readonly core: Bytes;
  readonly init: Bytes;
  readonly text: Bytes;
}

const NOTHING = { memory: [], core: 0, init: 0, text: 0 } as const;

function unformed(decoded: DecodeResult | undefined, format: CompressionFormat | null): Formed {
  const message = decoded?.message ?? `the ${format} data cannot be decompressed`;
  const errno = decoded?.errno || ERRNO.EINVAL;
  return { ...NOTHING, name: null, refused: { stage: 'decompress', errno, message } };
}

/** The memory of the module in an image that passes the kernel's checks. */
function formCost(image: Uint8Array, { elf: kernel, features }: CostKernel): Formed {
  const read = readElf(image, kernel, 0);
  const refusal = read.ok ? checkRwxSections(read.elf, kernel) : read;
  if (!read.ok || refusal) {
    const { errno, message } = refusal!;
    const refused = { stage: 'becoming', errno, message: message?.text ?? '' } as const;
    return { ...NOTHING, name: read.ok ? read.elf.name : null, refused };
  }
  const { elf } = read;
  const sized = features.layout === 'two' ? twoAreas(elf, kernel) : sevenTypes(elf, kernel);
  const memory = sized.memory
    .filter(({ bytes }) => bytes > 0)
    .map(({ type, bytes }) => ({ type, bytes, va: vmallocCost(bytes, kernel.wordBits) }));
  return { ...sized, name: elf.name, refused: null, memory };
}

function sevenTypes(elf: ModuleElf, kernel: ElfKernel) {
  const { types, core, init, text } = layoutModule(elf, kernel);
  const memory = types.map(({ type, size }) => ({ type: type as CostMemoryType, bytes: size }));
  return { memory, core, init, text };
}

function twoAreas(elf: ModuleElf, kernel: ElfKernel) {
  const { core, init } = layoutBefore64(elf, kernel);
  const memory: { type: CostMemoryType; bytes: Bytes }[] = [
    { type: 'CORE', bytes: pageAlign(core.size) },
    { type: 'INIT', bytes: pageAlign(init.size) },
  ];
  return { memory, core: core.size, init: init.size, text: core.textSize + init.textSize };
}
