// SPDX-License-Identifier: MIT
/** Scenarios that name no machine and no kernel, and directories of any architecture. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectResult, prepareRun } from '../../../loader/scenario/index.ts';
import { driveSteps, Session } from '../../../loader/session/index.ts';
import { InputError } from '../../../scripts/cli/input-error.ts';
import { loadScenario, type ScenarioOverrides } from '../../../scripts/cli/scenario-loader.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DEBIAN = join(ROOT, '.cache/debian');

let top: string;
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'modstorm-follow-'));
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** A directory of ELF headers. */
function directory(name: string, machines: readonly (readonly [32 | 64, 'le' | 'be', number])[]) {
  const path = join(top, name);
  mkdirSync(path, { recursive: true });
  machines.forEach(([bits, order, machine], i) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, order === 'le' ? 1 : 2, 1]);
    new DataView(bytes.buffer).setUint16(18, machine, order === 'le');
    writeFileSync(join(path, `m${i}.ko`), bytes);
  });
  return path;
}

function refusal(scenario: string, overrides: ScenarioOverrides): string {
  try {
    loadScenario(scenario, overrides);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('not refused');
}

describe('a directory of modules', () => {
  it.each([
    ['riscv64', 64, 'le', 243],
    ['ppc64el', 64, 'le', 21],
    ['s390x', 64, 'be', 22],
    ['mips', 32, 'be', 8],
  ] as const)('for %s is refused by that name', (name, bits, order, machine) => {
    const modules = directory(name, Array(30).fill([bits, order, machine]));
    const text = refusal('race', { modules });
    expect(text).toContain(`modules for ${name}`);
    expect(text).toContain('expected i386, x86_64, arm or arm64');
  });

  it('for two architectures is refused by both names', () => {
    const modules = directory('two', [
      [64, 'le', 62],
      [32, 'le', 3],
      [64, 'le', 62],
    ]);
    expect(refusal('race', { modules })).toMatch(/x86_64 \(2, .*\) and i386 \(1, /);
  });

  it('is refused by a scenario, a --machine or a --vmalloc that names another', () => {
    const modules = directory('amd64', [[64, 'le', 62]]);
    expect(refusal('box-32bit', { modules })).toMatch(/i386-highmem.*modules for x86_64/);
    expect(refusal('race', { modules, machine: 'armhf' })).toMatch(/arm32.*modules for x86_64/);
    expect(refusal('race', { modules, vmalloc: '64M' })).toMatch(/i386.*modules for x86_64/);
    expect(refusal('race', { machine: 'vax' })).toMatch(/no machine "vax"/);
    expect(refusal('race', { kernel: 'v6.4+nonsense=1' })).toMatch(/no feature "nonsense"/);
    expect(refusal('race', { kernel: 'v6.4+early_check=maybe' })).toMatch(/true or false/);
  });

  it('gives the machine that no one names, and the rules of its release', () => {
    for (const [name, bits, machine, space] of [
      ['i386', 32, 3, 'i386-128m'],
      ['x86_64', 64, 62, 'x86-64'],
      ['arm', 32, 40, 'arm32'],
      ['arm64', 64, 183, 'arm64'],
    ] as const) {
      const modules = directory(`by/${name}/6.4.9`, [[bits, 'le', machine]]);
      const { scenario, followed } = loadScenario('race', { modules });
      expect(scenario.machine.vmalloc).toBe(space);
      expect(scenario.kernel).toMatch(/^v6\.4/);
      expect(followed).toHaveLength(2);
    }
  });

  it('tells of a dead link and goes on', () => {
    const modules = directory('dangling', [[32, 'le', 3]]);
    symlinkSync('/nonexistent', join(modules, 'gone.ko'));
    const { scenario, source } = loadScenario('race', { modules });
    const run = prepareRun(scenario, { source });
    expect(run.warnings().join()).toContain('gone.ko: a link to nothing there');
  });
});

describe.skipIf(!existsSync(join(DEBIAN, 'amd64/boot')))(
  "Debian's amd64 kernel (needs npm run modules:debian -- --arch amd64)",
  () => {
    it('has the sizes in /proc/modules that the real 6.12.117 shows', () => {
      const steps = ['ext4', 'raid6_pq', 'xor', 'loop'].map((modprobe) => ({ modprobe }));
      const file = join(top, 'seven.json');
      const document = { version: 1, name: 'seven', machine: { cpus: 1 }, modules: 'boot', steps };
      writeFileSync(file, JSON.stringify(document));
      const { scenario, source } = loadScenario(file, { modules: join(DEBIAN, 'amd64') });
      const run = prepareRun(scenario, { source });
      const session = new Session(run.kernel, run.program, run.observer);
      for (const step = driveSteps(session); !step.next().done; );
      const sizes = Object.fromEntries(
        collectResult(run)
          .files['/proc/modules']!.trim()
          .split('\n')
          .map((line) => line.split(' ').slice(0, 2) as [string, string]),
      );
      expect(sizes).toMatchObject({
        crc16: '12288',
        mbcache: '16384',
        jbd2: '200704',
        ext4: '1142784',
        xor: '20480',
        raid6_pq: '122880',
        loop: '40960',
      });
    }, 60_000);
  },
);
