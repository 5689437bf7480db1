// SPDX-License-Identifier: MIT
/**
 * What pages are sorted into on a map, and how each sort looks: one colour of a set that stays
 * apart for colour-blind readers (Okabe and Ito), a pattern for those that share a kind of colour,
 * a letter where there are no colours.
 */
import type { AreaPurpose } from '../events/index.ts';

export const MAP_CLASSES = [
  'free',
  'lazy',
  'guard',
  'file',
  'image',
  'dictionary',
  'text',
  'core',
  'rodata',
  'data',
  'init',
  'keep',
  'percpu',
  'ioremap',
  'other',
] as const;

export type MapClass = (typeof MAP_CLASSES)[number];

/** The class's place in MAP_CLASSES: what page maps hold. Free is 0. */
export type MapCode = number;

export type MapPattern = 'solid' | 'stripes' | 'back' | 'bars' | 'dots' | 'cross';

export interface MapLook {
  readonly label: string;
  /** One letter; small where less than half of a cell is taken. */
  readonly letter: string;
  /** Fill on light and on dark ground. */
  readonly light: string;
  readonly dark: string;
  /** Number in the 256-colour table of terminals. */
  readonly ansi: number;
  readonly pattern: MapPattern;
}

export const MAP_LOOKS: Readonly<Record<MapClass, MapLook>> = {
  free: look('free', '.', '#ffffff', '#14171a', 240, 'solid'),
  lazy: look('parked areas', '/', '#c9ced3', '#434a51', 246, 'stripes'),
  guard: look('guard pages', '|', '#59636e', '#7b858f', 244, 'solid'),
  file: look('file copies', 'F', '#e69f00', '#e69f00', 214, 'solid'),
  image: look('decompressed images', 'I', '#d55e00', '#e66f1a', 166, 'stripes'),
  dictionary: look('decompressor memory', 'Z', '#cc79a7', '#d88ab5', 175, 'dots'),
  text: look('module text', 'T', '#0072b2', '#2a8fd0', 32, 'solid'),
  core: look('module core', 'C', '#0072b2', '#2a8fd0', 32, 'cross'),
  rodata: look('module read-only data', 'R', '#56b4e9', '#7cc7f0', 117, 'bars'),
  data: look('module data', 'D', '#009e73', '#12b888', 36, 'solid'),
  init: look('module init parts', 'N', '#f0e442', '#f0e442', 227, 'back'),
  keep: look('kept by modules', 'K', '#7a5c00', '#a98d3a', 136, 'back'),
  percpu: look('per-CPU chunks', 'P', '#7f6fb0', '#a293d6', 97, 'bars'),
  ioremap: look('device mappings', 'M', '#6b7680', '#8b96a0', 102, 'dots'),
  other: look('other areas', 'O', '#9aa3ab', '#6d767e', 145, 'solid'),
};

function look(
  label: string,
  letter: string,
  light: string,
  dark: string,
  ansi: number,
  pattern: MapPattern,
): MapLook {
  return { label, letter, light, dark, ansi, pattern };
}

const CLASS_OF: Readonly<Record<AreaPurpose, MapClass>> = {
  file: 'file',
  copy: 'file',
  image: 'image',
  dictionary: 'dictionary',
  workspace: 'dictionary',
  page_array: 'other',
  text: 'text',
  core: 'core',
  data: 'data',
  rodata: 'rodata',
  ro_after_init: 'rodata',
  init_text: 'init',
  init_data: 'init',
  init_rodata: 'init',
  init: 'init',
  keep: 'keep',
  percpu: 'percpu',
  ioremap: 'ioremap',
  vmap: 'other',
  vmap_block: 'other',
  vm_map_ram: 'other',
  boot: 'other',
  other: 'other',
};

/** The class of an area in use. */
export function mapClassOf(purpose: AreaPurpose): MapClass {
  return CLASS_OF[purpose];
}

export function mapCode(name: MapClass): MapCode {
  return MAP_CLASSES.indexOf(name);
}
