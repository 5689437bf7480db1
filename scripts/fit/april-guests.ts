/** The guests of April 2023 with constants to be tried. */

import { openCatalog } from '../../loader/catalog/index.ts';
import {
  COSTS,
  INIT_US,
  PUBLISHED_8,
  PUBLISHED_255,
  prepareRun,
  scenarioSchema,
  USERSPACE_COSTS,
} from '../../loader/scenario/index.ts';
import {
  collectResult,
  driveSession,
  type RunResult,
  Session,
} from '../../loader/session/index.ts';

export interface Constants {
  readonly costs: Readonly<Record<string, number>>;
  readonly userspace: Readonly<Record<string, number>>;
  /** Microseconds of each module's init: a fixed part, and more for each CPU. */
  readonly init: Readonly<Record<string, { duration_us?: number; cpu_us: number }>>;
}

/** What the bundled guests have. */
export const PRESENT: Constants = { costs: COSTS, userspace: USERSPACE_COSTS, init: INIT_US };

const GUESTS = { 'published-255': PUBLISHED_255, 'published-8': PUBLISHED_8 } as const;
export type AprilGuest = keyof typeof GUESTS;

const source = openCatalog('published')!;

export function replayGuest(name: AprilGuest, constants: Constants, seed: number): RunResult {
  const guest = GUESTS[name];
  const init = Object.fromEntries(
    Object.entries(constants.init).map(([module, time]) => [module, { ...time, sleeps: true }]),
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
