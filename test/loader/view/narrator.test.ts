// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { openCatalog } from '../../../loader/catalog/catalog.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import { Session } from '../../../loader/session/session.ts';
import { Narrator } from '../../../loader/view/narrator.ts';

it('tells who waited for whom at the gate, and how a call failed', () => {
  const step = { finit_module: 'kernel/drivers/block/loop.ko' };
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'told',
    machine: { cpus: 4 },
    modules: { catalog: 'boot', init: { loop: { duration_us: 5000, sleeps: true } } },
    steps: [{ parallel: [{ step }, { step, delay_ms: 1 }] }, { modprobe: 'nope' }, step],
  });
  const run = prepareRun(scenario, { source: openCatalog('boot')! });
  const narrator = new Narrator();
  run.kernel.events.attach(narrator);
  driveSession(new Session(run.kernel, run.program, run.observer));
  const told = narrator.sentences.map((line) => line.replace(/^\S+ \S+ /, ''));
  const what = 'finit_module of kernel/drivers/block/loop.ko';
  expect(told[0]).toMatch(
    new RegExp(`${what} waits at the gate .*: init-\\d+ is loading the same`),
  );
  expect(told[1]).toContain('loop is live.');
  expect(told[2]).toContain(`${what} ended; 1 at the gate took its value, 0.`);
  expect(told.at(-1)).toContain(`${what} failed with EEXIST in stage becoming.`);
});
