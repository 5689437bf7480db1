export { CATALOG_NAMES, type CatalogOptions, openCatalog } from './catalog.ts';
export type { ListedModule } from './listed-plan.ts';
export type { ModulePlan } from './module-plan.ts';
