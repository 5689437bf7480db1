// SPDX-License-Identifier: MIT
/**
 * The exit code that a shell shows for a wait status: the code of exit(2), or 128 and the number of
 * the signal that ended the process (wait(2); bash, "Exit Status").
 */
export function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
