// SPDX-License-Identifier: MIT
// Loads with good and bad arguments, and reads and writes of the files of parameters.

import { Random } from '../../../loader/engine/index.ts';
import { READS, type Step, type Suite, scenarioOf } from '../suite.ts';
import { TYPES_FILE, typesModule, typesSteps } from './parameter-types.ts';

/** Parameters of ms_param, all of them read-only: an int, a bool, a charp, a string, an array. */
const NAMES = ['level', 'flag', 'name', 'letters', 'numbers'];
/** Others by their modules, which need nothing and leave their variables alone. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  tcp_htcp: ['use_rtt_scaling', 'use_bandwidth_switch'],
  tcp_illinois: ['win_thresh', 'theta'],
  tcp_vegas: ['alpha', 'beta', 'gamma'],
  sch_htb: ['htb_hysteresis', 'htb_rate_est'],
  ms_keep: ['sizes'],
};
const INTEGERS = ['0', '7', '-1', '+3', '0x10', '010', '08', '0x', '', '65535', '65536', '3\n'];
INTEGERS.push('2147483647', '2147483648', '-2147483648', '99999999999999999999', '5x', 'x');
const BOOLEANS = ['y', 'N', 'on', 'oFf', 'o', 't', 'f', '1', '0', '2', '', 'yes'];
const TEXTS = ['abc', 'a b', '', '1234567', '12345678', 'x'.repeat(1024), 'x'.repeat(1025), '=,='];
const ODD = ['nothing=1', 'dyndbg', 'dyndbg=+p', 'ms_param.dyndbg=+p', 'async_probe', '--', 'a-b'];

/** Files whose variables begin with what the module file holds, writable ones among them. */
const OVERLAY = ['redirect_dir', 'redirect_always_follow', 'xino_auto', 'index', 'redirect_max'];
const ROUNDS = 60;
const READ_EVERY = 20;

export const parameters: Suite = {
  name: 'parameters',
  summary: 'good and bad arguments of loads, and the files of parameters read and written',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2, 3],
  cases(modules, seed) {
    const random = new Random(seed);
    const reads = READS.map((path) => ({ read: path }));
    const steps: Step[] = [...overlaySteps(), ...callbackSteps()];
    for (let i = 1; i <= ROUNDS; i += 1) {
      steps.push(...parameterSteps(random));
      if (i % READ_EVERY === 0) steps.push(...reads);
    }
    // A line cut at the end of its record has lost its newline: readers wait for the next line.
    steps.push({ delete_module: 'ms_param' }, { finit_module: 'ms_param.ko', args: 'level=last' });
    const scenario = scenarioOf(`parameters ${seed}`, steps, { seed });
    const files = new Map([...modules, [TYPES_FILE, typesModule(modules)]]);
    const types = scenarioOf('one of each type', typesSteps(random), { seed });
    return Promise.resolve([
      { scenario, files: modules },
      { scenario: types, files },
    ]);
  },
};

function overlaySteps(): Step[] {
  const read = (name: string): Step => ({ read: parameterFile('overlay', name) });
  const write = (name: string, text: string): Step => ({
    write: parameterFile('overlay', name),
    text,
  });
  return [
    { modprobe: 'overlay' },
    ...OVERLAY.map(read),
    ...['300\n', '70000', '', 'x', '\n'].map((text) => write('redirect_max', text)),
    ...['q', 'y', '0\n', 'on'].flatMap((text) => [write('index', text), read('index')]),
    write('redirect_always_follow', 'n'),
    ...OVERLAY.map(read),
    read('nothing'),
    write('nothing', '1'),
  ];
}

/** Getters and setters of the module's own, one that only goes up, and files without a mode. */
function callbackSteps(): Step[] {
  const force = parameterFile('test_kmod', 'force_init_test');
  const request = parameterFile('ms_request', 'nowait');
  return [
    { finit_module: 'test_kmod.ko', args: 'force_init_test=0' },
    ...['0', 'n\n', 'x'].map((text) => ({ write: force, text })),
    { read: force },
    { finit_module: 'ms_request.ko' },
    { read: request },
    { modprobe: 'dummy' },
    { read: parameterFile('dummy', 'numdummies') },
  ];
}

function parameterFile(module: string, name: string): string {
  return `/sys/module/${module}/parameters/${name}`;
}

/** ms_param with arguments of all kinds, what came of them, and the parameters of one other. */
function parameterSteps(random: Random): Step[] {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const reads = (module: string, names: readonly string[]): Step[] =>
    names.map((name) => ({ read: parameterFile(module, name) }));
  const array = (): string =>
    Array.from({ length: 1 + random.below(5) }, () => pick(INTEGERS.slice(0, 12))).join(',');
  const value = (name: string): string => {
    switch (name) {
      case 'level':
        return pick(INTEGERS);
      case 'flag':
        return pick(BOOLEANS);
      case 'numbers':
        return array();
      default:
        return pick(TEXTS);
    }
  };
  const argument = (): string => {
    const kind = random.below(10);
    if (kind === 0) return pick(ODD);
    const name = pick(NAMES);
    if (kind === 1) return name;
    const text = value(name);
    if (kind === 2) return `"${name}=${text}"`;
    return /[ \n]/.test(text) || kind === 3 ? `${name}="${text}"` : `${name}=${text}`;
  };
  const args = Array.from({ length: random.below(4) }, argument).join(' ');
  const [module, names] = pick(Object.entries(OTHERS));
  const other = pick(names);
  return [
    { delete_module: 'ms_param' },
    { finit_module: 'ms_param.ko', args },
    ...reads('ms_param', NAMES),
    { write: parameterFile('ms_param', pick(NAMES)), text: '1' },
    { finit_module: `${module}.ko`, args: `${other}=${pick(INTEGERS.slice(0, 12))}` },
    { write: parameterFile(module, other), text: pick(INTEGERS) },
    ...reads(module, names),
    { delete_module: module },
  ];
}
