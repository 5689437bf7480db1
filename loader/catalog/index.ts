export { CATALOG_NAMES, openCatalog } from './catalog.ts';
