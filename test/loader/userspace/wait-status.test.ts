// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../loader/userspace/index.ts';

describe('exitCodeOf', () => {
  it.each([
    [0, 0],
    [1, 256],
    [127, 0x7f00],
  ])('gives exit code %i of wait status %i', (code, status) => {
    expect(exitCodeOf(status)).toBe(code);
  });

  it.each([2, 9, 15])('gives what a shell gives for an end by signal %i', (signal) => {
    const shell = spawnSync('sh', ['-c', `sh -c 'kill -${signal} $$'; echo $?`]);
    expect(exitCodeOf(signal)).toBe(Number(String(shell.stdout)));
  });
});
