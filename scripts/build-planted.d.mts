import type { PlantedBug } from './verify/plants/planted-bugs.ts';

/** The file of a bug with the bug in it; throws when its anchor is not there exactly once. */
export function plantedText(root: string, bug: PlantedBug): Promise<string>;
/** Bundles the verifier with the bug in the model. */
export function buildPlanted(root: string, bug: PlantedBug, outfile: string): Promise<void>;
