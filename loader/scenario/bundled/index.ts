// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';
import { BOX_32BIT } from './box-32bit.ts';
import { FIRST_BOOT } from './first-boot.ts';
import { KMOD_SELFTESTS } from './kmod-selftest.ts';
import { ONE_BY_ONE } from './one-by-one.ts';
import { PUBLISHED_8, PUBLISHED_255, PUBLISHED_255_MAY2023 } from './published.ts';
import {
  PUBLISHED_448,
  PUBLISHED_CPUFREQ_288,
  PUBLISHED_CPUFREQ_1536,
} from './published-server.ts';
import { RACE } from './race.ts';
import { SMALL_BOX } from './small-box.ts';
import { STRESS_NG } from './stress-ng.ts';

/** Scenarios that come with modstorm, by name. */
export const BUNDLED_SCENARIOS: Readonly<Record<string, ScenarioInput>> = {
  'first-boot': FIRST_BOOT,
  'one-by-one': ONE_BY_ONE,
  race: RACE,
  'published-8': PUBLISHED_8,
  'published-255': PUBLISHED_255,
  'published-255-may2023': PUBLISHED_255_MAY2023,
  'published-448': PUBLISHED_448,
  'published-cpufreq-288': PUBLISHED_CPUFREQ_288,
  'published-cpufreq-1536': PUBLISHED_CPUFREQ_1536,
  'small-box': SMALL_BOX,
  'box-32bit': BOX_32BIT,
  'stress-ng': STRESS_NG,
  ...KMOD_SELFTESTS,
};
