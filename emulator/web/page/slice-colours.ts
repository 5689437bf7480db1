// SPDX-License-Identifier: MIT
/** What the colours of slices mean. Tested for colour blindness with those of the map. */
import { SLICE_DOOMED, SLICE_STAGE_MASK, SLICE_WAITING } from '../../../loader/view/index.ts';
import type { Scheme } from './scheme.ts';

export const TRACK_COLOURS = ['stage', 'fate'] as const;
export type TrackColour = (typeof TRACK_COLOURS)[number];

/** By number of the stage: request, permission, gate, kread, decompress, becoming, load, init, … */
export const STAGE_COLOURS: Readonly<Record<Scheme, readonly string[]>> = {
  light: [
    '#c3cad1',
    '#9aa4ae',
    '#77818b',
    '#e69f00',
    '#d55e00',
    '#cc79a7',
    '#0072b2',
    '#009e73',
    '#56606a',
    '#c3cad1',
  ],
  dark: [
    '#3b454e',
    '#56606a',
    '#8b96a1',
    '#e69f00',
    '#d55e00',
    '#cc79a7',
    '#2a8fd0',
    '#12b888',
    '#77818b',
    '#3b454e',
  ],
};

/** Useful, doomed. */
export const FATE_COLOURS: Readonly<Record<Scheme, readonly [string, string]>> = {
  light: ['#5f9fc6', '#b3261e'],
  dark: ['#2f79a8', '#ff8a80'],
};

export function sliceColour(code: number, by: TrackColour, scheme: Scheme): string {
  if (by === 'fate') return FATE_COLOURS[scheme][code & SLICE_DOOMED ? 1 : 0];
  return STAGE_COLOURS[scheme][code & SLICE_STAGE_MASK]!;
}

export function isHatched(code: number): boolean {
  return (code & SLICE_WAITING) !== 0;
}
