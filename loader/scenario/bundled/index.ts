import type { ScenarioInput } from '../schema.ts';
import { FIRST_BOOT } from './first-boot.ts';
import { ONE_BY_ONE } from './one-by-one.ts';
import { RACE } from './race.ts';

/** Scenarios that come with modstorm, by name. */
export const BUNDLED_SCENARIOS: Readonly<Record<string, ScenarioInput>> = {
  'first-boot': FIRST_BOOT,
  'one-by-one': ONE_BY_ONE,
  race: RACE,
};
