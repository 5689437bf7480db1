// SPDX-License-Identifier: MIT
/** The bench's command line. */
import { parseArgs } from 'node:util';
import { nearestName } from '../../loader/scenario/index.ts';

export interface BenchOptions {
  readonly check: boolean;
  readonly json: boolean;
  readonly help: boolean;
  /** Names of benches; empty for all but the long ones. */
  readonly only: readonly string[];
}

export const BENCH_HELP = `npm run bench [-- --check] [--json] [--only NAME]...

  --check      all budgets, the long ones included; exit 1 when one is missed
  --json       one JSON document on stdout
  --only NAME  only this bench; may be given several times
`;

/** The options, or what is wrong with them. */
export function readBenchOptions(
  args: readonly string[],
  names: readonly string[],
): BenchOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        check: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
      strict: true,
    });
    const unknown = values.only.find((name) => !names.includes(name));
    if (unknown === undefined) return values;
    const near = nearestName(unknown, names);
    const hint = near === undefined ? `one of ${names.join(', ')}` : `${near}?`;
    return `--only: no bench ${unknown}, expected ${hint}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether a bench runs under these options. */
export function isChosen({ only, check }: BenchOptions, name: string, long = false): boolean {
  return only.length > 0 ? only.includes(name) : check || !long;
}
