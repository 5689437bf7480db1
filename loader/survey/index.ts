export { type CostTotals, totalsOf } from './cost-totals.ts';
export { type InferredIdentity, identitySteps, inferIdentity } from './kernel-identity.ts';
export {
  type CostKernel,
  type CostMemoryType,
  type ModuleCost,
  moduleCost,
} from './module-cost.ts';
export { exportsFromNames, exportsFromSymvers, parseModuleSymvers } from './module-symvers.ts';
