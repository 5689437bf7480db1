// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { TraceDigest } from '../../../emulator/linux/trace-digest.ts';
import { parseTrace } from '../../../emulator/linux/trace-lines.ts';

/** Lines of a trace: who, and what; a microsecond apart. */
const trace = (...events: [task: string, text: string][]) =>
  parseTrace(
    events
      .map(
        ([task, text], i) =>
          `${task.padStart(16)} [000] ..... 1.${String(i).padStart(6, '0')}: ${text}\n`,
      )
      .join(''),
  ).lines;
const INIT = 'init-1';
const WORKER = 'kworker/0:1-20';
const load = (name: string, ...during: string[]): [string, string][] =>
  [
    'sys_finit_module(fd: 3, uargs: 0, flags: 0)',
    'module_get: lib call_site=resolve_symbol refcnt=2',
    `module_load: ${name} `,
    'initcall_start: func=0xf8000000',
    ...during,
    'initcall_finish: func=0xf8000000 ret=0',
    `module_put: ${name} call_site=do_init_module refcnt=1`,
    'sys_finit_module -> 0x0',
  ].map((text) => [INIT, text]);
const unload = (name: string, ...during: string[]): [string, string][] =>
  [
    `sys_delete_module(name_user: 1, flags: 800)`,
    ...during,
    `module_free: ${name}`,
    'module_put: lib call_site=free_module refcnt=1',
    'sys_delete_module -> 0x0',
  ].map((text) => [INIT, text]);
const GET = 'module_get: crc call_site=lookup refcnt=2';
const PUT = 'module_put: crc call_site=destroy refcnt=1';

describe('references on modules in a trace', () => {
  it('of an init are its own, those of the loader around it are not told', () => {
    const { inits, references } = new TraceDigest().step(0, trace(...load('user', GET, GET, PUT)));
    expect(inits.map(({ module, holds }) => [module, holds])).toEqual([['user', { crc: 1 }]]);
    expect([...references]).toEqual([]);
  });

  it('that an exit drops are what its init had taken', () => {
    const digest = new TraceDigest();
    digest.step(0, trace(...load('user', GET)));
    const { references } = digest.step(1, trace(...unload('user', PUT)));
    expect([...references]).toEqual([['crc', 0]]);
    expect(digest.references).toBe(2);
  });

  it('of a worker are told by step, and so is an exit that drops what the worker took', () => {
    const digest = new TraceDigest();
    const first = digest.step(0, trace(...load('user'), [WORKER, GET]));
    expect([...first.references]).toEqual([['crc', 1]]);
    const second = digest.step(1, trace(...unload('user', PUT)));
    expect([...second.references]).toEqual([['crc', -1]]);
  });
});
