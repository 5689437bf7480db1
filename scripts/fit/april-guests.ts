// SPDX-License-Identifier: MIT
/** The guests of April 2023 with constants to be tried. */

import { openCatalog } from '../../loader/catalog/index.ts';
import { MACHINE_KINDS } from '../../loader/presets/index.ts';
import {
  collectResult,
  INIT_US,
  PUBLISHED_8,
  PUBLISHED_255,
  prepareRun,
  scenarioSchema,
} from '../../loader/scenario/index.ts';
import { driveSession, type RunResult, Session } from '../../loader/session/index.ts';

export interface Constants {
  readonly costs: Readonly<Record<string, number>>;
  readonly userspace: Readonly<Record<string, number>>;
  /** Microseconds of each module's init, the same on both guests. */
  readonly init: Readonly<Record<string, number>>;
}

/** What guests of KVM have. */
export const PRESENT: Constants = { ...MACHINE_KINDS['kvm-guest'], init: INIT_US };

const GUESTS = { 'published-255': PUBLISHED_255, 'published-8': PUBLISHED_8 } as const;
export type AprilGuest = keyof typeof GUESTS;

const source = openCatalog('published')!;

export function replayGuest(name: AprilGuest, constants: Constants, seed: number): RunResult {
  const guest = GUESTS[name];
  const init = Object.fromEntries(
    Object.entries(constants.init).map(([module, duration_us]) => [
      module,
      { duration_us, sleeps: true },
    ]),
  );
  const scenario = scenarioSchema.parse({
    ...guest,
    seed,
    machine: { ...guest.machine, costs: constants.costs },
    modules: { catalog: 'published', init },
    userspace: { ...guest.userspace, costs: constants.userspace },
  });
  const prepared = prepareRun(scenario, { source });
  driveSession(new Session(prepared.kernel, prepared.program, prepared.observer));
  return collectResult(prepared);
}

export function duplicatesOf(result: RunResult, module: string): number {
  return result.duplicates.find((row) => row.name === module)?.count ?? 0;
}
