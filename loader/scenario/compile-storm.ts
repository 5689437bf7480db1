// SPDX-License-Identifier: MIT
import type { ContextProgram, Hotplug, ProcessGroup, Program } from '../session/index.ts';
import type { CompileContext } from './compile-context.ts';
import { CompileError } from './compile-error.ts';
import type { Scenario } from './schema.ts';
import type { CpuChoice, Generator } from './schema-storm.ts';
import { stormItems } from './storm-items.ts';
import {
  type GeneratorGroups,
  ownCopy,
  type Requester,
  requestFor,
  requestsOf,
  requestsOfOne,
} from './storm-requests.ts';

const MS = 1_000_000;
const US = 1000;

/** Contexts a storm may have: what a guest has numbers for. */
const MAX_CONTEXTS = 65_536;

/** Makes the program of each requester of a storm. Throws CompileError. */
export function compileStorm(scenario: Scenario, context: CompileContext): Program {
  const storm = scenario.storm!;
  const { cpus } = scenario.machine;
  const groups: ProcessGroup[] = [];
  const contexts: (ContextProgram & { readonly order: number })[] = [];
  storm.generators.forEach((generator, index) => {
    const place = `storm.generators[${index}]`;
    checkGenerator(generator, place);
    const items = stormItems(generator, context, `${place}.modules`);
    const start = phaseStart(scenario, generator, place);
    const requesters = requestersOf(generator, cpus, place).map(({ cpu, key }, turn) => {
      const seed =
        ((generator.seed ?? scenario.seed) ^
          Math.imul(index + 1, 0x9e3779b1) ^
          Math.imul(key + 1, 0x85ebca6b)) >>>
        0;
      return { cpu, key, generator: index, start, turn, seed };
    });
    const plan = {
      generator,
      items,
      operations: items.map((item) => requestFor(generator, item)),
      groups: planGroups(generator, items, requesters, groups),
    };
    const add = (cpu: number, iterate: () => ReturnType<typeof requestsOf>): void => {
      contexts.push({ cpu, order: index, operations: { [Symbol.iterator]: iterate } });
    };
    if (generator.by === 'one') {
      add(requesters[0]!.cpu, () => requestsOfOne(plan, requesters));
    } else {
      for (const requester of requesters) add(requester.cpu, () => requestsOf(plan, requester));
    }
  });
  if (contexts.length > MAX_CONTEXTS) {
    throw new CompileError(
      'storm.generators',
      `${contexts.length} requesters at once, at most ${MAX_CONTEXTS} can be served`,
    );
  }
  contexts.sort((a, b) => a.cpu - b.cpu || a.order - b.order);
  const hotplug = hotplugOf(scenario);
  return {
    contexts: contexts.map(({ cpu, operations }) => ({ cpu, operations })),
    groups,
    ...(hotplug.length === 0 ? {} : { hotplug }),
  };
}

/** Settings that contradict each other. */
function checkGenerator(generator: Generator, place: string): void {
  const { op, copies, kill, arrival } = generator;
  if ('uniform_us' in arrival && arrival.uniform_us[0] > arrival.uniform_us[1]) {
    const [from, to] = arrival.uniform_us;
    throw new CompileError(`${place}.arrival.uniform_us`, `from ${from} to ${to} is backwards`);
  }
  if (copies === 'own' && op !== 'finit_module' && op !== 'finit_delete') {
    throw new CompileError(
      `${place}.copies`,
      `"own" is for finit_module and finit_delete; ${op} finds its files itself`,
    );
  }
  if (kill && op === 'uevent') {
    throw new CompileError(`${place}.kill`, 'a uevent is sent, not waited for: nothing to kill');
  }
  if (generator.order === 'rounds' && generator.by !== 'one') {
    throw new CompileError(`${place}.order`, '"rounds" is for one process: "by": "one"');
  }
  if (generator.form === 'fs' && op !== 'request_module') {
    throw new CompileError(`${place}.form`, `"fs" is for request_module, not for ${op}`);
  }
}

function phaseStart(scenario: Scenario, generator: Generator, place: string): number {
  if (generator.phase === undefined) return 0;
  const { phases } = scenario.storm!;
  const phase = Object.hasOwn(phases, generator.phase) ? phases[generator.phase] : undefined;
  if (phase) return phase.at_ms * MS;
  const known = Object.keys(phases).join(', ') || 'none';
  throw new CompileError(`${place}.phase`, `no phase ${generator.phase} (known: ${known})`);
}

/** Who asks, and the number that makes its draw its own. */
function requestersOf(
  generator: Generator,
  cpus: number,
  place: string,
): { readonly cpu: number; readonly key: number }[] {
  const chosen = cpusOf(generator.cpus, cpus, `${place}.cpus`);
  if (generator.per === 'cpu') return chosen.map((cpu) => ({ cpu, key: cpu }));
  return Array.from({ length: generator.count }, (_, key) => ({
    cpu: chosen[key % chosen.length]!,
    key,
  }));
}

function cpusOf(chosen: CpuChoice, cpus: number, place: string): number[] {
  if (chosen === 'all') return Array.from({ length: cpus }, (_, cpu) => cpu);
  if ('from' in chosen && chosen.from > chosen.to) {
    throw new CompileError(place, `from ${chosen.from} to ${chosen.to} is backwards`);
  }
  const list =
    'list' in chosen
      ? chosen.list
      : Array.from({ length: chosen.to - chosen.from + 1 }, (_, i) => chosen.from + i);
  for (const cpu of list) {
    if (cpu >= cpus) throw new CompileError(place, `CPU ${cpu}, but the machine has ${cpus} CPUs`);
  }
  return [...list];
}

function planGroups(
  generator: Generator,
  items: readonly string[],
  requesters: readonly Requester[],
  groups: ProcessGroup[],
): GeneratorGroups {
  const { kill } = generator;
  const own = generator.copies === 'own';
  const copies = own ? groups.length : undefined;
  if (own) {
    for (const requester of requesters) {
      const files = items.map((path) => ({
        action: 'copy' as const,
        path,
        to: ownCopy(requester, path),
      }));
      groups.push({ files, members: [] });
    }
  }
  if (!kill) return { copies, kills: undefined };
  const kills = groups.length;
  const signal = { kind: kill.signal, after: Math.round(kill.after_us * US) };
  const addKills = (pathOf: (item: string) => string): void => {
    for (const item of items) {
      const operation = requestFor(generator, pathOf(item));
      groups.push({ files: [], members: [{ operation, delay: 0, signal }] });
    }
  };
  if (own) {
    for (const requester of requesters) addKills((item) => ownCopy(requester, item));
  } else {
    addKills((item) => item);
  }
  return { copies, kills };
}

function hotplugOf(scenario: Scenario): Hotplug[] {
  const { cpus } = scenario.machine;
  return scenario.storm!.hotplug.flatMap(({ at_us, cpus: chosen, online }, index) => {
    const place = `storm.hotplug[${index}].cpus`;
    return cpusOf(chosen, cpus, place).map((cpu) => {
      if (cpu === 0 && !online) throw new CompileError(place, 'CPU 0 cannot go offline');
      return { at: Math.round(at_us * US), cpu, online };
    });
  });
}
