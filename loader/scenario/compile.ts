import { Random } from '../engine/index.ts';
import type { ModuleSource } from '../module/module-source.ts';
import type { FileAction } from '../vfs/guest-tree.ts';
import type { ContextProgram, Operation, ProcessGroup, Program } from './operation.ts';
import type { Scenario } from './schema.ts';
import type { CallStep, Step } from './schema-steps.ts';
import type { Arrival, Generator } from './schema-storm.ts';

const MS = 1_000_000;
const US = 1000;

/** What a scenario's names mean: the module order and files of its source. */
export interface CompileContext {
  readonly source: ModuleSource;
  /** Module files with dependencies before their users. */
  readonly loadOrder: () => readonly string[];
  /** File path of a module name; undefined when there is none. */
  readonly fileOf: (name: string) => string | undefined;
}

/** A scenario that parses and yet cannot be run: a place in it, and what is wrong. */
export class CompileError extends Error {
  readonly place: string;

  constructor(place: string, message: string) {
    super(message);
    this.place = place;
  }
}

/** Makes the per-CPU programs of a scenario. */
export function compileScenario(scenario: Scenario, context: CompileContext): Program {
  if (scenario.steps) return compileSteps(scenario.steps);
  return compileStorm(scenario, context);
}

/** Steps are one task's, each run until the kernel is quiet again. */
function compileSteps(steps: readonly Step[]): Program {
  const groups: ProcessGroup[] = [];
  const operations: Operation[] = [];
  for (const step of steps) {
    operations.push(compileStep(step, groups), { op: 'settle' });
  }
  return { contexts: [{ cpu: 0, comm: 'init', operations }], groups };
}

function compileStep(step: Step, groups: ProcessGroup[]): Operation {
  if ('sleep_ms' in step) return { op: 'sleep', ns: step.sleep_ms * MS };
  if ('log' in step) return { op: 'log', text: step.log };
  if ('parallel' in step) {
    const members = step.parallel.map(({ step: inner, delay_ms, signal }) => ({
      operation: compileCall(inner),
      delay: delay_ms * MS,
      ...(signal ? { signal: { kind: signal.kind, after: signal.after_ms * MS } } : {}),
    }));
    groups.push({ files: [], members });
    return { op: 'group', group: groups.length - 1 };
  }
  const action = fileAction(step);
  if (action) {
    groups.push({ files: [action], members: [] });
    return { op: 'group', group: groups.length - 1 };
  }
  return compileCall(step as CallStep);
}

function fileAction(step: Step): FileAction | undefined {
  if ('link' in step) return { action: 'link', path: step.link, to: step.to };
  if ('copy' in step) return { action: 'copy', path: step.copy, to: step.to };
  if ('open_write' in step) return { action: 'open_write', path: step.open_write };
  if ('close_write' in step) return { action: 'close_write', path: step.close_write };
  return undefined;
}

function compileCall(step: CallStep): Operation {
  if ('finit_module' in step) {
    const { finit_module, flags, args, open } = step;
    return { op: 'finit_module', path: finit_module, flags, args, open };
  }
  if ('init_module' in step) {
    const { init_module, args, len, fault } = step;
    const operation = { op: 'init_module', path: init_module, args, fault } as const;
    return len === undefined ? operation : { ...operation, len };
  }
  if ('delete_module' in step) {
    return { op: 'delete_module', name: step.delete_module, flags: step.flags };
  }
  if ('request_module' in step) {
    return { op: 'request_module', name: step.request_module, wait: step.wait };
  }
  if ('modprobe' in step) return { op: 'modprobe', name: step.modprobe, args: step.args };
  if ('uevent' in step) return { op: 'uevent', modalias: step.uevent };
  if ('read' in step) return { op: 'read', path: step.read };
  return { op: 'write', path: step.write, text: step.text };
}

function compileStorm(scenario: Scenario, context: CompileContext): Program {
  const { cpus } = scenario.machine;
  const { generators } = scenario.storm!;
  const lanes = generators.flatMap((generator, index) => {
    const items = itemsOf(generator, context, `storm.generators[${index}].modules`);
    return cpusOf(generator, cpus, `storm.generators[${index}].cpus`).map((cpu) => ({
      cpu,
      generator,
      items: items.slice(0, generator.limit),
      seed:
        (scenario.seed ^ Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(cpu + 1, 0x85ebca6b)) >>> 0,
    }));
  });
  const byCpu = new Map<number, typeof lanes>();
  for (const lane of lanes) {
    const list = byCpu.get(lane.cpu);
    if (list) list.push(lane);
    else byCpu.set(lane.cpu, [lane]);
  }
  const contexts: ContextProgram[] = [];
  for (const cpu of [...byCpu.keys()].sort((a, b) => a - b)) {
    for (const { generator, items, seed } of byCpu.get(cpu)!) {
      contexts.push({
        cpu,
        operations: { [Symbol.iterator]: () => requests(generator, items, seed) },
      });
    }
  }
  return { contexts, groups: [] };
}

/** One CPU's requests of one generator, made as they are fetched. */
function* requests(
  generator: Generator,
  items: readonly string[],
  seed: number,
): globalThis.Generator<Operation> {
  const random = new Random(seed);
  yield { op: 'sleep_until', at: Math.round(arrivalOf(generator.arrival, random) * US) };
  const order = generator.order === 'shuffled' ? random.shuffle([...items]) : items;
  let first = true;
  for (let round = 0; round < generator.repeat; round += 1) {
    for (const item of order) {
      if (!first && generator.gap_us > 0) yield { op: 'sleep', ns: generator.gap_us * US };
      first = false;
      yield requestFor(generator.op, item);
    }
  }
}

function requestFor(op: Generator['op'], item: string): Operation {
  switch (op) {
    case 'finit_module':
      return { op, path: item, flags: compressedFlag(item), args: '' };
    case 'init_module':
      return { op, path: item, args: '' };
    case 'modprobe':
      return { op, name: item, args: '' };
    case 'request_module':
      return { op, name: item, wait: true };
    case 'uevent':
      return { op, modalias: item };
  }
}

/** MODULE_INIT_COMPRESSED_FILE for a file with a compression suffix. */
function compressedFlag(path: string): number {
  return /\.ko\.(gz|xz|zst)$/.test(path) ? 4 : 0;
}

function arrivalOf(arrival: Arrival, random: Random): number {
  if ('at_us' in arrival) return arrival.at_us;
  if ('uniform_us' in arrival) {
    const [from, to] = arrival.uniform_us;
    return from + random.float() * Math.max(0, to - from);
  }
  if ('normal_us' in arrival) return Math.max(0, random.normal(...arrival.normal_us));
  return arrival.from_us + random.exponential(arrival.exponential_us);
}

function cpusOf(generator: Generator, cpus: number, place: string): number[] {
  const chosen = generator.cpus;
  if (chosen === 'all') return Array.from({ length: cpus }, (_, cpu) => cpu);
  const list =
    'list' in chosen
      ? chosen.list
      : Array.from({ length: chosen.to - chosen.from + 1 }, (_, i) => chosen.from + i);
  for (const cpu of list) {
    if (cpu >= cpus) throw new CompileError(place, `CPU ${cpu}, but the machine has ${cpus} CPUs`);
  }
  return list;
}

function itemsOf(generator: Generator, context: CompileContext, place: string): readonly string[] {
  const byFile = generator.op === 'finit_module' || generator.op === 'init_module';
  if (generator.modules === 'all') {
    const files = context.loadOrder();
    return byFile ? files : files.map(moduleNameOf);
  }
  if (!byFile) return generator.modules;
  return generator.modules.map((name, index) => {
    const file = name.includes('/') || name.includes('.ko') ? name : context.fileOf(name);
    if (file === undefined) {
      throw new CompileError(`${place}[${index}]`, `no module ${name} in ${context.source.name}`);
    }
    return file;
  });
}

/** `kernel/fs/xfs/xfs.ko.xz` → `xfs`; dashes become underscores, as the kernel names modules. */
export function moduleNameOf(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  return base.replace(/\.ko(\.(gz|xz|zst))?$/, '').replaceAll('-', '_');
}
