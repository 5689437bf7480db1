// SPDX-License-Identifier: MIT
/** Plans the modules of a synthetic distribution: names, sizes, dependencies, contents. */

import type { Bytes } from '../base/index.ts';
import type { SpecParam } from '../elf/index.ts';
import { Random } from '../engine/index.ts';
import { drawDependencies } from './distro-dependencies.ts';
import { drawShape, sizeAtQuantile } from './distro-shape.ts';
import { drawKernelSymbols } from './kernel-symbols.ts';
import type { ModuleContent, ModulePlan, PlannedExport } from './module-plan.ts';

/** Directory, stem of the file names, and how many of a hundred modules lie there. */
const SUBSYSTEMS: readonly (readonly [directory: string, stem: string, weight: number])[] = [
  ['drivers/media', 'media-', 17],
  ['drivers/net', 'net_', 16],
  ['drivers/iio', 'iio-', 9],
  ['net/netfilter', 'nf_', 8],
  ['sound', 'snd-', 10],
  ['drivers/usb', 'usb-', 6],
  ['drivers/input', 'input_', 5],
  ['drivers/hid', 'hid-', 5],
  ['drivers/hwmon', 'hwmon_', 5],
  ['drivers/platform', 'platform-', 4],
  ['drivers/scsi', 'scsi_', 4],
  ['crypto', 'crypto_', 3],
  ['fs', 'fs_', 4],
  ['drivers/gpu', 'gpu_', 2],
  ['lib', 'lib_', 2],
];

const VERBS: readonly string[] = [
  'register',
  'unregister',
  'alloc',
  'free',
  'probe',
  'remove',
  'open',
  'close',
  'start',
  'stop',
];

/** Bytes of a file for each export on average; libraries export up to `MOST_EXPORTS`. */
const BYTES_PER_EXPORT = 3000;
const MOST_EXPORTS = 400;
const MOST_IMPORTS = 5;
const GPL_SHARE = 0.56;

/** At least what a module needs without any wish granted, and for each import and export. */
const BARE: Bytes = 2900;
const PER_IMPORT: Bytes = 140;
const PER_EXPORT: Bytes = 125;

/** An alias takes up to so much of .modinfo, and all together a quarter of what is free. */
const PER_ALIAS: Bytes = 64;

const PARAM_TYPES = ['int', 'bool', 'uint', 'charp'];

/** `count` modules; the same for the same seed. */
export function planDistro(count: number, seed: number): ModulePlan[] {
  const random = new Random(seed);
  const { libraries, direct } = drawDependencies(count, random);
  const sizes = random.shuffle(
    Array.from({ length: count }, (_, i) => sizeAtQuantile((i + 0.5) / count)),
  );
  const digits = String(count - 1).length;
  const subsystems: number[] = [];
  const plans: DistroModule[] = [];
  const swap = sizeSwapper(sizes);
  for (let i = 0; i < count; i += 1) {
    const near = direct[i]![0];
    const subsystem = near !== undefined && random.float() < 0.8 ? subsystems[near]! : draw(random);
    subsystems.push(subsystem);
    const dependencies = [...direct[i]!];
    swap(i, BARE + PER_EXPORT + dependencies.length * PER_IMPORT);
    const room = (): Bytes => sizes[i]! - BARE;
    while (dependencies.length * PER_IMPORT + PER_EXPORT > room() && dependencies.length > 0) {
      dependencies.pop();
    }
    plans.push(
      new DistroModule({
        subsystem,
        label: String(i).padStart(digits, '0'),
        size: sizes[i]!,
        seed: (seed ^ Math.imul(i + 1, 0x9e3779b1)) >>> 0,
        depends: dependencies.map((library) => plans[library]!),
        library: i < libraries,
      }),
    );
  }
  return plans;
}

function draw(random: Random): number {
  let at = random.float() * SUBSYSTEMS.reduce((sum, [, , weight]) => sum + weight, 0);
  for (let i = 0; i < SUBSYSTEMS.length; i += 1) {
    at -= SUBSYSTEMS[i]![2];
    if (at < 0) return i;
  }
  return 0;
}

/** Gives a module that is too small for its dependencies the size of a later one. */
function sizeSwapper(sizes: Bytes[]): (i: number, least: Bytes) => void {
  return (i, least) => {
    if (sizes[i]! >= least) return;
    for (let j = i + 1; j < sizes.length; j += 1) {
      if (sizes[j]! < least) continue;
      [sizes[i], sizes[j]] = [sizes[j]!, sizes[i]!];
      return;
    }
  };
}

interface Draft {
  readonly subsystem: number;
  readonly label: string;
  readonly size: Bytes;
  readonly seed: number;
  readonly depends: readonly DistroModule[];
  readonly library: boolean;
}

class DistroModule implements ModulePlan {
  readonly name: string;
  readonly path: string;
  readonly fileSize: Bytes;
  readonly depends: readonly ModulePlan[];
  readonly exports: readonly PlannedExport[];
  readonly imports: readonly string[];
  readonly #seed: number;
  readonly #mostAliases: number;

  constructor(draft: Draft) {
    const [directory, stem] = SUBSYSTEMS[draft.subsystem]!;
    const file = `${stem}${draft.library ? 'core' : 'mod'}${draft.label}`;
    this.name = file.replaceAll('-', '_');
    this.path = `kernel/${directory}/${file}.ko`;
    this.fileSize = draft.size;
    this.depends = draft.depends;
    this.#seed = draft.seed;
    const random = new Random(draft.seed);
    let room = draft.size - BARE - draft.depends.length * PER_IMPORT;
    this.exports = draft.library ? drawExports(this.name, draft.size, room, random) : [];
    room -= this.exports.length * PER_EXPORT;
    this.imports = drawImports(draft.depends, room, random);
    room -= this.imports.length * PER_IMPORT;
    this.#mostAliases = Math.max(0, Math.floor(room / 4 / PER_ALIAS));
  }

  content(): ModuleContent {
    const random = new Random(this.#seed ^ 0x5bd1e995);
    const shape = drawShape(this.fileSize, random);
    const { undefinedSymbols, symbols, aliases, params } = shape;
    const kernelSymbols = Math.max(1, undefinedSymbols - this.imports.length);
    return {
      ...shape,
      localSymbols: Math.max(0, symbols - undefinedSymbols - this.exports.length - 20),
      kernelSymbols: drawKernelSymbols(kernelSymbols, random),
      aliases: drawAliases(Math.min(aliases, this.#mostAliases), this.#seed, random),
      softdeps: [],
      params: drawParams(params, random),
    };
  }
}

function drawExports(name: string, size: Bytes, room: Bytes, random: Random): PlannedExport[] {
  const wish = Math.round((size / BYTES_PER_EXPORT) * Math.exp(random.normal(0, 0.5)));
  const count = Math.max(1, Math.min(wish, MOST_EXPORTS, Math.floor(room / PER_EXPORT)));
  return Array.from({ length: count }, (_, i) => ({
    name: `${name}_${VERBS[i] ?? `fn${i}`}`,
    gpl: random.float() < GPL_SHARE,
  }));
}

/** One symbol of each dependency, and more as there is room. */
function drawImports(depends: readonly ModulePlan[], room: Bytes, random: Random): string[] {
  let more = Math.floor(room / PER_IMPORT);
  return depends.flatMap(({ exports }) => {
    const most = Math.min(exports.length, MOST_IMPORTS);
    const extra = Math.max(0, Math.min(random.below(most), more));
    more -= extra;
    const first = random.below(exports.length);
    return Array.from({ length: 1 + extra }, (_, i) => exports[(first + i) % exports.length]!.name);
  });
}

/** Device aliases; `seed` keeps those of two modules apart. */
function drawAliases(count: number, seed: number, random: Random): string[] {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const usb = random.float() < 0.4;
  const vendor = hex(seed >>> 16, 4);
  const first = seed & 0xffff;
  return Array.from({ length: count }, (_, i) => {
    const device = hex((first + i) & 0xffff, 4);
    return usb
      ? `usb:v${vendor}p${device}d*dc*dsc*dp*ic*isc*ip*in*`
      : `pci:v0000${vendor}d0000${device}sv*sd*bc*sc*i*`;
  });
}

function drawParams(count: number, random: Random): SpecParam[] {
  return Array.from({ length: count }, (_, i) => ({
    name: i === 0 ? 'debug' : `option${i}`,
    type: PARAM_TYPES[random.below(PARAM_TYPES.length)]!,
  }));
}
