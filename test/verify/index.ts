// SPDX-License-Identifier: MIT
import type { Suite } from '../../scripts/verify/suite.ts';
import { churn } from './churn.ts';
import { waiting } from './waiting.ts';

export const SUITES: readonly Suite[] = [churn, waiting];
