// SPDX-License-Identifier: MIT
// The suites of `modstorm verify`, in the order they are run.

import type { Suite } from '../../scripts/verify/suite.ts';
import { churn } from './churn.ts';
import { compressed } from './compressed.ts';
import { damaged } from './damaged.ts';
import { waiting } from './waiting.ts';

export const SUITES: readonly Suite[] = [churn, damaged, compressed, waiting];
