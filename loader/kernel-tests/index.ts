// SPDX-License-Identifier: MIT
export { AREAS_FILE, areasFile } from './ms-areas.ts';
export { testKmodAttribute } from './test-kmod-attributes.ts';
export { TestKmodDevice } from './test-kmod-device.ts';
export {
  DEFAULT_PARAMETERS,
  type Draws,
  freeingOrder,
  type KvfreeQueue,
  type PercpuDraw,
  type PercpuMemory,
  type PercpuObject,
  parametersOf,
  pointersPerPage,
  runTestVmalloc,
  TEST_CASES,
  TestMachine,
  vmallocTestInit,
} from './test-vmalloc/index.ts';
