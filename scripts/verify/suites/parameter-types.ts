// SPDX-License-Identifier: MIT
// A module that is nothing but parameters, one of each type and of each kind of mode, so that the
// real kernel shows what it makes of them. No code of it runs: it has neither init nor exit.

import { extractModinfo, type SpecParam, writeModule } from '../../../loader/elf/index.ts';
import type { Random } from '../../../loader/engine/index.ts';
import type { ModuleFiles } from '../module-files.ts';
import type { Step } from '../suite.ts';

export const TYPES_FILE = 'parameter_types.ko';
const NAME = 'parameter_types';
const INTEGERS = ['byte', 'short', 'ushort', 'int', 'uint', 'hexint', 'long', 'ulong', 'ullong'];
const BOOLEANS = ['bool', 'invbool', 'bint', 'bool_enable_only'];
const PARAMS: readonly SpecParam[] = [
  ...INTEGERS.map((type) => ({ name: type, type, perm: 0o644, value: 0x8123_4567_89ab_cdefn })),
  ...BOOLEANS.map((type) => ({ name: type, type, perm: 0o644, value: 0n })),
  { name: 'text', type: 'charp', perm: 0o644, value: 0n },
  { name: 'zero', type: 'hexint', perm: 0o444, value: 0n },
  { name: 'write_only', type: 'int', perm: 0o200, value: 0n },
  { name: 'hidden', type: 'int', perm: 0, value: 0n },
  { name: 'with-dash', type: 'int', perm: 0o644, value: 0n },
  { name: 'list', type: 'int', array: 2, perm: 0o644, value: 0x1_ffff_ffffn },
];
const TEXTS = ['1', 'y\n', '-3', '0xff', '255\n', '65535', '4294967295', '-2147483648', '', 'on'];
TEXTS.push('0', 'N', '18446744073709551615', 'a,b', '1,2', '3,x', '1,2,3', '+0', '077\n', '\n');
TEXTS.push(' 1', '1 ');
const WRITES = 200;

/** The module file, as the kernel of the others takes it. */
export function typesModule(modules: ModuleFiles): Uint8Array {
  const { structModuleSize, modinfo } = extractModinfo(modules.get('crc16.ko')!)!;
  const vermagic = modinfo.find(([tag]) => tag === 'vermagic')![1];
  return writeModule({
    name: NAME,
    structModuleSize,
    vermagic,
    init: false,
    exit: false,
    params: PARAMS,
    sizes: { data: 8 * PARAMS.length },
  });
}

/** Every file as the module has it, after random writes, and after loads with arguments. */
export function typesSteps(random: Random): Step[] {
  const path = (name: string): string => `/sys/module/${NAME}/parameters/${name}`;
  const reads = PARAMS.map(({ name }) => ({ read: path(name) }));
  const load = (args: string): Step[] => [
    { finit_module: TYPES_FILE, args },
    ...reads,
    { delete_module: NAME },
  ];
  const steps: Step[] = [{ finit_module: TYPES_FILE }, ...reads, { read: path('with_dash') }];
  for (let i = 0; i < WRITES; i += 1) {
    const file = path(PARAMS[random.below(PARAMS.length)]!.name);
    steps.push({ write: file, text: TEXTS[random.below(TEXTS.length)]! }, { read: file });
  }
  steps.push(
    { delete_module: NAME },
    ...load('with_dash=4 invbool=y hexint=16777217 list=9 text="some words"'),
    ...load('bint bool bool_enable_only hidden=3 write_only=4 ullong=0xffffffffffffffff'),
    ...load('invbool'),
    ...load('bint text'),
    ...load('bool list=, byte=256 short=-32769'),
  );
  return steps;
}
