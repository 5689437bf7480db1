// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { planModprobe } from '../../../scripts/verify/modprobe-list.ts';
import { moduleFile, type RigScenario, sourceOf } from '../../loader/module/rig.ts';

const DEVICE = '/sys/devices/virtual/misc/test_kmod0';
const FILES = [
  moduleFile({ name: 'low', exports: [{ name: 'low_symbol' }] }),
  moduleFile({
    name: 'high',
    undefinedSymbols: ['low_symbol'],
    depends: ['low'],
    modinfo: [['alias', 'fs-hifs']],
  }),
  moduleFile({ name: 'soft' }),
];

function planned(
  steps: NonNullable<RigScenario['steps']>,
  userspace: RigScenario['userspace'] = {},
): readonly string[] {
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'test',
    modules: { dir: '.' },
    userspace,
    steps,
  });
  return planModprobe(scenario, scenario.steps!, sourceOf(FILES)).modprobeList ?? [];
}

const set = (file: string, text: string) => ({ write: `${DEVICE}/${file}`, text });
const MODULES = '/lib/modules/6.12.117';
const LOAD = `check=1 unless=${MODULES}/high.ko ${MODULES}/low.ko ${MODULES}/high.ko`;

describe('what the guest’s modprobe is told', () => {
  it('has a line for each name that processes ask for, and none for what nobody finds', () => {
    const list = planned([{ request_module: 'high' }, { request_module: 'nobody' }]);
    expect(list).toEqual([`high ${LOAD}`]);
  });

  it('has a line for what the test driver’s threads ask for, once they are started', () => {
    const driver = [set('config_test_driver', 'high'), set('trigger_config', '1')];
    expect(planned(driver)).toEqual([`high ${LOAD}`]);
    expect(planned(driver.slice(0, 1))).toEqual([]);
  });

  it('names a file system fs-NAME, up to its first dot', () => {
    const list = planned([
      set('config_test_case', '2'),
      set('config_test_fs', 'hifs.sub'),
      set('trigger_config', '1'),
    ]);
    expect(list).toEqual([`fs-hifs ${LOAD}`]);
  });

  it('goes back to the driver’s defaults at a reset', () => {
    const list = planned(
      [set('config_test_driver', 'high'), set('reset', '1'), set('trigger_config', '1')],
      { programs: { '/sbin/modprobe': { exit: 3 } } },
    );
    expect(list).toEqual(['test_module exit=3']);
  });

  it('may fail where a softdep does, and goes on behind an alias for several modules', () => {
    const list = planned([{ request_module: 'soft' }, { request_module: 'both' }], {
      modprobe_conf: 'softdep soft pre: high\nalias both soft\nalias both low\n',
    });
    const soft = `unless=${MODULES}/soft.ko need=0 ${MODULES}/low.ko ${MODULES}/high.ko need=1 ${MODULES}/soft.ko`;
    expect(list).toEqual([`soft check=1 ${soft}`, `both check=1 ${soft} next ${MODULES}/low.ko`]);
  });

  it('has the options of modprobe.d and of the call, and nothing a blacklisted alias leads to', () => {
    const list = planned(
      [{ modprobe: 'high', args: 'b=2 c' }, { modprobe: 'other' }, { request_module: 'low' }],
      { modprobe_conf: 'options low a=1\nalias other soft\nblacklist soft\n' },
    );
    const low = `args=a=1\\s ${MODULES}/low.ko`;
    const high = `unless=${MODULES}/high.ko ${low} args=b=2\\sc ${MODULES}/high.ko`;
    expect(list).toEqual([`high check=1 ${high}`, 'other check=1', `low check=1 ${low}`]);
  });

  it('refuses what the guest’s modprobe cannot do', () => {
    const install = { modprobe_conf: 'install low /bin/true\n' };
    expect(() => planned([{ modprobe: 'high' }], install)).toThrow('step 0');
    expect(() => planned([{ modprobe: 'high', args: '--first-time' }])).toThrow('--first-time');
  });

  it('writes names as tokens', () => {
    const list = planned([{ request_module: 'a b' }], {
      programs: { '/sbin/modprobe': { exit: 3 } },
    });
    expect(list).toEqual(['a\\sb exit=3']);
  });

  it('has what goes with a module that is unloaded', () => {
    const list = planned([
      { modprobe: 'high', args: '-r' },
      { modprobe: 'nobody', args: '-r' },
    ]);
    expect(list).toEqual(['-r\\shigh high low']);
  });
});
