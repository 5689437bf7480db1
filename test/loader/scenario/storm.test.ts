/** Storms: who asks for what and when, and storms that cannot be run. */
import { describe, expect, it } from 'vitest';
import { CompileError } from '../../../loader/scenario/compile.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { moduleFile, type RigScenario, run, sourceOf } from '../module/rig.ts';

const MODULES = [
  moduleFile({ name: 'base', exports: [{ name: 'base_symbol' }] }),
  moduleFile({ name: 'user', undefinedSymbols: ['base_symbol'] }),
  moduleFile({ name: 'lone', sizes: { text: 40_000 } }),
];

type Generator = NonNullable<NonNullable<RigScenario['storm']>['generators']>[number];

function storm(generators: Generator[], rest: RigScenario = {}) {
  return run(MODULES, {
    machine: { cpus: 4 },
    ...rest,
    storm: { ...rest.storm, generators },
  });
}

describe('a storm', () => {
  it('asks for each module on each chosen CPU, in order', () => {
    const { result } = storm([
      { per: 'cpu', cpus: { from: 1, to: 2 }, op: 'finit_module', modules: ['base', 'user'] },
    ]);
    const asked = result.results.map(({ cpu, subject }) => `${cpu} ${subject}`);
    expect(asked.filter((text) => text.startsWith('1'))).toEqual(['1 base.ko', '1 user.ko']);
    expect(asked.filter((text) => text.startsWith('2'))).toEqual(['2 base.ko', '2 user.ko']);
    expect(asked).toHaveLength(4);
  });

  it('deals processes out to the CPUs in turn', () => {
    const { result } = storm([{ per: 'process', count: 6, op: 'finit_module', modules: ['lone'] }]);
    expect(result.results.map(({ cpu }) => cpu).sort()).toEqual([0, 0, 1, 1, 2, 3]);
  });

  it('starts requesters when their arrival says, counted from their phase', () => {
    const { result } = storm(
      [
        {
          per: 'cpu',
          op: 'finit_module',
          modules: ['lone'],
          phase: 'second',
          arrival: { every_us: 100, from_us: 50 },
        },
      ],
      { storm: { phases: { second: { at_ms: 7 } }, generators: [] } },
    );
    const starts = result.results.map(({ start_ns }) => start_ns).sort((a, b) => a - b);
    expect(starts).toEqual([7_050_000, 7_150_000, 7_250_000, 7_350_000]);
  });

  it('lets one process speak for all requesters', () => {
    const { result, events } = storm([
      { per: 'cpu', op: 'uevent', by: 'one', modules: ['user'], arrival: { every_us: 10 } },
    ]);
    const tasks = events.filter(({ kind }) => kind === 'uevent').map(({ task }) => task);
    expect(tasks).toHaveLength(4);
    expect(new Set(tasks).size).toBe(1);
    expect(result.results).toEqual([]);
    expect(result.calls.uevent).toMatchObject({ total: 4, ok: 4 });
    expect(result.counters.modcount).toBe(2);
  });

  it('loads from copies whose inodes no gate merges', () => {
    const shared = storm([{ per: 'cpu', op: 'finit_module', modules: ['lone'] }]);
    const own = storm([{ per: 'cpu', op: 'finit_module', modules: ['lone'], copies: 'own' }]);
    expect(shared.result.counters_true.failed_becoming).toBe(0);
    expect(own.result.counters_true).toMatchObject({ modcount: 1 });
    const { failed_becoming, failed_load_modules } = own.result.counters_true;
    expect(failed_becoming! + failed_load_modules!).toBe(3);
  });

  it('loads and deletes in turn', () => {
    const { result } = storm([
      { per: 'process', count: 1, op: 'finit_delete', modules: ['lone'], repeat: 3 },
    ]);
    expect(result.results.map(({ op, ret }) => `${op} ${ret}`)).toEqual(
      Array.from({ length: 3 }, () => ['finit_module 0', 'delete_module 0']).flat(),
    );
  });

  it('kills the share of requests it was told to', () => {
    const init = { lone: { duration_us: 5000, sleeps: true } };
    const generator: Generator = {
      per: 'cpu',
      op: 'finit_module',
      modules: ['lone'],
      arrival: { every_us: 10 },
    };
    const modules = { dir: '.', init };
    const kernel = { base: 'v6.4' };
    const killed = storm([{ ...generator, kill: { share: 1, after_us: 500 } }], {
      modules,
      kernel,
    });
    expect(killed.result.results.filter(({ ret }) => ret === -512)).toHaveLength(3);
    const spared = storm([{ ...generator, kill: { share: 0, after_us: 500 } }], {
      modules,
      kernel,
    });
    expect(spared.result.results.filter(({ ret }) => ret === -512)).toHaveLength(0);
  });

  it('asks nothing on a CPU that is away, and asks once it is back', () => {
    const { result } = storm([{ per: 'cpu', op: 'finit_module', modules: ['lone'] }], {
      storm: {
        generators: [],
        hotplug: [
          { at_us: 0, cpus: { list: [2] }, online: false },
          { at_us: 4000, cpus: { list: [2] }, online: true },
        ],
      },
    });
    const late = result.results.find(({ cpu }) => cpu === 2);
    expect(late?.start_ns).toBe(4_000_000);
    for (const { cpu, start_ns } of result.results) if (cpu !== 2) expect(start_ns).toBe(0);
  });

  it('asks the kernel for file systems by their alias', () => {
    const { result } = storm([
      {
        per: 'process',
        count: 1,
        op: 'request_module',
        form: 'fs',
        missing: 'ask',
        modules: ['x'],
      },
    ]);
    expect(result.results).toMatchObject([{ op: 'request_module', subject: 'fs-x', ret: 256 }]);
  });

  it('goes through all requesters module by module when asked in rounds', () => {
    const { events } = storm([
      {
        per: 'cpu',
        op: 'uevent',
        by: 'one',
        order: 'rounds',
        missing: 'ask',
        modules: ['first', 'user'],
        repeat: 2,
        arrival: { every_us: 100 },
      },
    ]);
    const asked = events.flatMap((event) => (event.kind === 'uevent' ? [event.modalias] : []));
    const round = [...Array(4).fill('first'), ...Array(4).fill('user')];
    expect(asked).toEqual([...round, ...round]);
    const first = events.filter((event) => event.kind === 'uevent').map((event) => event.t);
    expect(first[3]! - first[0]!).toBeGreaterThanOrEqual(300_000);
    expect(first[4]! - first[3]!).toBeLessThan(100_000);
  });

  it('draws shuffled orders and random arrivals from its seed alone', () => {
    const generator: Generator = {
      per: 'cpu',
      op: 'finit_module',
      modules: ['base', 'lone'],
      order: 'shuffled',
      arrival: { exponential_us: 300 },
    };
    const starts = (seed: number, own?: number): string =>
      JSON.stringify(
        storm([own === undefined ? generator : { ...generator, seed: own }], { seed }).result
          .results,
      );
    expect(starts(1)).toBe(starts(1));
    expect(starts(1)).not.toBe(starts(2));
    expect(starts(1, 5)).toBe(starts(2, 5));
  });

  it('keeps no more results than are looked at', () => {
    const { result } = storm([
      { per: 'cpu', op: 'finit_module', modules: ['lone'], repeat: 26_000 },
    ]);
    expect(result.results_total).toBe(104_000);
    expect(result.results).toHaveLength(100_000);
    expect(result.calls.finit_module?.total).toBe(104_000);
  });
});

describe('a storm that cannot be run is refused', () => {
  const refuse = (scenario: RigScenario): CompileError => {
    const parsed = scenarioSchema.parse({
      version: 1,
      name: 'bad',
      modules: { dir: '.', init: {} },
      machine: { cpus: 4 },
      ...scenario,
    });
    try {
      prepareRun(parsed, { source: sourceOf(MODULES) });
    } catch (error) {
      if (error instanceof CompileError) return error;
      throw error;
    }
    throw new Error('it was taken');
  };
  const base: Generator = { per: 'cpu', op: 'finit_module', modules: ['lone'] };
  const cases: Readonly<Record<string, [RigScenario, string, RegExp]>> = {
    'an unknown module': [
      { storm: { generators: [{ ...base, modules: ['lnoe'] }] } },
      'storm.generators[0].modules[0]',
      /no module lnoe.*did you mean lone/,
    ],
    'an unknown alias': [
      { storm: { generators: [{ ...base, op: 'modprobe', modules: ['user', 'usre'] }] } },
      'storm.generators[0].modules[1]',
      /no module and no alias usre.*did you mean user/,
    ],
    'a CPU that does not exist': [
      { storm: { generators: [{ ...base, cpus: { list: [4] } }] } },
      'storm.generators[0].cpus',
      /CPU 4, but the machine has 4/,
    ],
    'rounds of processes that know nothing of each other': [
      { storm: { generators: [{ ...base, order: 'rounds' }] } },
      'storm.generators[0].order',
      /"by": "one"/,
    ],
    'a range of CPUs that is backwards': [
      { storm: { generators: [{ ...base, cpus: { from: 3, to: 1 } }] } },
      'storm.generators[0].cpus',
      /backwards/,
    ],
    'a time span that is backwards': [
      { storm: { generators: [{ ...base, arrival: { uniform_us: [9, 3] } }] } },
      'storm.generators[0].arrival.uniform_us',
      /backwards/,
    ],
    'an unknown phase': [
      { storm: { phases: { early: { at_ms: 0 } }, generators: [{ ...base, phase: 'erly' }] } },
      'storm.generators[0].phase',
      /no phase erly \(known: early\)/,
    ],
    'own copies for modprobe': [
      { storm: { generators: [{ ...base, op: 'modprobe', copies: 'own' }] } },
      'storm.generators[0].copies',
      /finit_module/,
    ],
    'a killed uevent': [
      { storm: { generators: [{ ...base, op: 'uevent', kill: { share: 1, after_us: 1 } }] } },
      'storm.generators[0].kill',
      /nothing to kill/,
    ],
    'CPU 0 taken away': [
      {
        storm: { generators: [base], hotplug: [{ at_us: 5, cpus: 'all', online: false }] },
      },
      'storm.hotplug[0].cpus',
      /CPU 0 cannot go offline/,
    ],
    'an alias loop': [
      {
        userspace: { modprobe_conf: 'alias here there\nalias there here\n' },
        storm: { generators: [{ ...base, op: 'modprobe' }] },
      },
      'modules',
      /alias loop: .*here/,
    ],
    'too many requesters': [
      {
        storm: {
          generators: [
            { ...base, per: 'process', count: 65_536 },
            { ...base, per: 'process', count: 1 },
          ],
        },
      },
      'storm.generators',
      /65537 requesters/,
    ],
  };

  it.each(Object.keys(cases))('%s', (name) => {
    const [scenario, place, message] = cases[name]!;
    const error = refuse(scenario);
    expect(error.place).toBe(place);
    expect(error.message).toMatch(message);
  });

  it('a cycle of dependencies', () => {
    const cycle = [
      moduleFile({ name: 'a', exports: [{ name: 'in_a' }], undefinedSymbols: ['in_b'] }),
      moduleFile({ name: 'b', exports: [{ name: 'in_b' }], undefinedSymbols: ['in_a'] }),
    ];
    const parsed = scenarioSchema.parse({
      version: 1,
      name: 'cycle',
      modules: { dir: '.', init: {} },
      storm: { generators: [{ ...base, op: 'modprobe', modules: ['a'] }] },
    });
    expect(() => prepareRun(parsed, { source: sourceOf(cycle) })).toThrow(/cycle/);
  });

  it.each([
    ['no CPUs', { machine: { cpus: 0 } }],
    ['a negative time', { storm: { generators: [{ ...base, gap_us: -1 }] } }],
    ['a negative count', { storm: { generators: [{ ...base, per: 'device', count: -3 }] } }],
    ['a phase in the past', { storm: { phases: { x: { at_ms: -1 } }, generators: [base] } }],
    [
      'more than every request killed',
      {
        storm: { generators: [{ ...base, kill: { share: 1.5, after_us: 0 } }] },
      },
    ],
    ['no requests at all', { storm: { generators: [] } }],
  ])('%s', (_, scenario) => {
    const document = { version: 1, name: 'bad', modules: 'boot', storm: { generators: [base] } };
    expect(scenarioSchema.safeParse({ ...document, ...scenario }).success).toBe(false);
  });
});
