// SPDX-License-Identifier: MIT
// What the guest's modprobe is to do for each name a scenario asks for, as the model's modprobe
// would: dependencies first, files whose module is live passed over.

import { escapeToken } from '../../emulator/linux/console-escapes.ts';
import { GuestMappingError } from '../../emulator/linux/scenario-ops.ts';
import { moduleDecompressionFormat } from '../../loader/decompress/index.ts';
import { testKmodAttribute } from '../../loader/kernel-tests/index.ts';
import { cString } from '../../loader/kmod/index.ts';
import type { ModuleSource } from '../../loader/module/index.ts';
import type { CallStep, Scenario, Step } from '../../loader/scenario/index.ts';
import {
  buildModuleIndex,
  joinOptions,
  type ModuleIndex,
  probeList,
} from '../../loader/userspace/index.ts';

const DEFAULT_MODPROBE = '/sbin/modprobe';
const PATH_FILE = '/proc/sys/kernel/modprobe';
const COMPRESSED_FILE = 4;

export interface ModprobePlan {
  /** Lines of /etc/modprobe.list. */
  readonly modprobeList?: readonly string[];
  /** Where else the helper lies. */
  readonly programs?: readonly string[];
}

/** Throws GuestMappingError when one name would need two different answers. */
export function planModprobe(
  scenario: Scenario,
  steps: readonly Step[],
  source: ModuleSource,
): ModprobePlan {
  const asked = requestedNames(steps);
  if (asked.length === 0) return {};
  const { programs, modprobe_conf, modprobe_d } = scenario.userspace;
  const index = buildModuleIndex(source, {
    conf: modprobe_conf,
    files: modprobe_d,
    commandLine: scenario.machine.command_line,
  });
  const root = `/lib/modules/${source.release}`;
  const lines = new Map<string, string>();
  for (const { name, path, step, remove, options = '' } of asked) {
    if (remove) {
      const key = `-r ${name}`;
      lines.set(key, [escapeToken(key), ...removalWords(index, name, step)].join(' '));
      continue;
    }
    const program = programs[path];
    const words: string[] = [];
    if (program !== undefined && program.duration_ms > 0)
      words.push(`delay=${program.duration_ms}`);
    if (program === undefined || program.modprobe)
      words.push(...loadWords(index, root, source, { name, step, options }));
    if (program !== undefined) words.push(`exit=${program.exit}`);
    // A name that is not listed is not found.
    else if (index.lookup(name).length === 0) words.length = 0;
    const line = [escapeToken(name), ...words].join(' ');
    if ((lines.get(name) ?? line) !== line) {
      throw new GuestMappingError(step, `the guest has one modprobe answer for ${name}, not two`);
    }
    lines.set(name, line);
  }
  const paths = Object.keys(programs).filter((path) => path !== DEFAULT_MODPROBE);
  const listed = [...lines.values()].filter((line) => line.includes(' '));
  return { modprobeList: listed, programs: paths };
}

interface AskedName {
  readonly name: string;
  readonly path: string;
  readonly step: number;
  /** To be unloaded: `modprobe -r`. */
  readonly remove?: boolean;
  /** Parameters for the module. */
  readonly options?: string;
}

/** Whom modprobe is asked for, by processes or by threads of the self-tests' driver. */
function requestedNames(steps: readonly Step[]): AskedName[] {
  const asked: AskedName[] = [];
  const config = new TestKmodConfig();
  let path = DEFAULT_MODPROBE;
  const visit = (call: CallStep, step: number): void => {
    if ('write' in call) {
      if (call.write === PATH_FILE) path = call.text.trim();
      const name = config.write(call.write, call.text);
      if (name !== undefined) asked.push({ name, path, step });
    }
    if ('request_module' in call) asked.push({ name: call.request_module, path, step });
    if ('modprobe' in call) {
      const words = call.args.split(' ').filter((word) => word !== '');
      const remove = words.some((word) => word === '-r' || word === '--remove');
      const other = words.find((word) => word.startsWith('-') && !/^(-r|--remove|-q)$/.test(word));
      if (other !== undefined) {
        throw new GuestMappingError(step, `the guest's modprobe has no ${other}`);
      }
      const options = words.filter((word) => !word.startsWith('-')).join(' ');
      asked.push({ name: call.modprobe, path: DEFAULT_MODPROBE, step, remove, options });
    }
  };
  steps.forEach((step, index) => {
    if ('parallel' in step) for (const member of step.parallel) visit(member.step, index);
    else visit(step as CallStep, index);
  });
  return asked;
}

/** What the self-tests' driver has been told to ask for. */
class TestKmodConfig {
  #driver = 'test_module';
  #fs = 'xfs';
  #testCase = 1;

  /** The name that is asked for, when the write starts the threads. */
  write(path: string, text: string): string | undefined {
    switch (testKmodAttribute(path)) {
      case 'config_test_driver':
        this.#driver = cString(text);
        return undefined;
      case 'config_test_fs':
        this.#fs = cString(text);
        return undefined;
      case 'config_test_case':
        this.#testCase = Number(text);
        return undefined;
      case 'reset':
        this.#driver = 'test_module';
        this.#fs = 'xfs';
        this.#testCase = 1;
        return undefined;
      case 'trigger_config':
        return this.#testCase === 1 ? this.#driver : `fs-${this.#fs.split('.')[0]}`;
      default:
        return undefined;
    }
  }
}

function loadWords(
  index: ModuleIndex,
  root: string,
  source: ModuleSource,
  { name, step, options }: { name: string; step: number; options: string },
): string[] {
  const bytes = new Map(source.files.map((file) => [file.path, file]));
  const words = ['check=1'];
  let needed = true;
  let given = '';
  for (const [i, ref] of index.lookup(name).entries()) {
    if (i > 0) words.push('next');
    // Without -b modprobe leaves out only what an alias leads to.
    if (ref.alias !== undefined && index.isBlacklisted(ref.name)) continue;
    const list = probeList(index, ref, false);
    // Softdeps are left alone when the module itself is there.
    const target = list.find((entry) => entry.target)?.path;
    if (list.length > 1 && target !== undefined) words.push(`unless=${root}/${target}`);
    for (const entry of list) {
      const { path, required, install } = entry;
      if (install !== undefined) {
        throw new GuestMappingError(step, `the guest's modprobe has no install commands`);
      }
      if (path === undefined) continue;
      if (required !== needed) words.push(`need=${required ? 1 : 0}`);
      needed = required;
      const args = joinOptions(entry.options, entry.target ? options : '');
      if (args !== given) words.push(`args=${args === '' ? '' : escapeToken(args)}`);
      given = args;
      const compressed = moduleDecompressionFormat(bytes.get(path)?.read() ?? new Uint8Array());
      if (compressed !== null) words.push(`flags=${COMPRESSED_FILE}`);
      words.push(`${root}/${path}`);
      if (compressed !== null) words.push('flags=0');
    }
  }
  return words;
}

/** The module and what it needs, in the order in which modprobe tries to unload them. */
function removalWords(index: ModuleIndex, name: string, step: number): string[] {
  const refs = index.lookup(name);
  const [ref] = refs;
  if (ref === undefined) return [];
  const { pre, post } = index.softdeps(ref.name);
  const plain = pre.length + post.length === 0 && index.removeCommand(ref.name) === undefined;
  if (refs.length > 1 || ref.builtin || !plain) {
    throw new GuestMappingError(step, `the guest's modprobe cannot unload ${name} as kmod would`);
  }
  return [ref.name, ...(index.module(ref.name)?.dependencies ?? [])];
}
