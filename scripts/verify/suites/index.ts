// SPDX-License-Identifier: MIT
// The suites of `modstorm verify`, in the order they are run.

import type { Suite } from '../suite.ts';
import { allocator } from './allocator.ts';
import { autoload } from './autoload.ts';
import { churn } from './churn.ts';
import { compressed } from './compressed.ts';
import { damaged } from './damaged.ts';
import { exhaustion } from './exhaustion.ts';
import { mixed } from './mixed.ts';
import { debianPackage } from './package.ts';
import { parameters } from './parameters.ts';
import { staticPercpu } from './static-percpu.ts';
import { waiting } from './waiting.ts';

export const SUITES: readonly Suite[] = [
  churn,
  parameters,
  damaged,
  compressed,
  exhaustion,
  waiting,
  autoload,
  allocator,
  staticPercpu,
  mixed,
  debianPackage,
];
