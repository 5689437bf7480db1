// SPDX-License-Identifier: MIT
/** Colours and patterns of the SVG map, for light and dark. */
import { MAP_CLASSES, MAP_LOOKS, type MapClass } from './map-classes.ts';

const LIGHT = {
  ground: '#ffffff',
  ink: '#1b1f23',
  soft: '#57606a',
  line: '#8c959f',
  mark: '#b3261e',
};
const DARK = {
  ground: '#0d1013',
  ink: '#e6e9ec',
  soft: '#9aa4ae',
  line: '#5b646d',
  mark: '#ff8a80',
};

type Scheme = typeof LIGHT;

/** Rules for the elements below `#id`; dark replaces colours where the viewer prefers it. */
export function svgStyle(id: string): string {
  const font = 'ui-sans-serif,system-ui,"DejaVu Sans",sans-serif';
  const fixed = [
    `#${id} text{font:14px ${font}}`,
    `#${id} .title{font-size:17px;font-weight:600}`,
    `#${id} .small{font-size:12px}`,
    `#${id} .address{font:11px ui-monospace,"DejaVu Sans Mono",monospace;text-anchor:end}`,
    `#${id} .label,#${id} .sentence{font-size:13px}`,
    `#${id} .frame{fill:none;stroke-width:1}`,
    `#${id} .hole{fill:none;stroke-width:2}`,
    `#${id} .wanted{fill:none;stroke-width:2.5;stroke-dasharray:7 4}`,
    `#${id} .leader{fill:none;stroke-width:1.5}`,
  ];
  const dark = colours(id, DARK, 'dark').join('');
  return `${[...fixed, ...colours(id, LIGHT, 'light')].join('')}@media (prefers-color-scheme:dark){${dark}}`;
}

function colours(id: string, scheme: Scheme, mode: 'light' | 'dark'): string[] {
  return [
    `#${id} .ground{fill:${scheme.ground}}`,
    `#${id} text{fill:${scheme.ink}}`,
    `#${id} .address{fill:${scheme.soft}}`,
    `#${id} .frame{stroke:${scheme.line}}`,
    `#${id} .hole,#${id} .hole-line{stroke:${scheme.ink}}`,
    `#${id} .wanted,#${id} .wanted-line{stroke:${scheme.mark}}`,
    `#${id} .wanted-text{fill:${scheme.mark}}`,
    ...MAP_CLASSES.map((name) => `.${id}-${name}{fill:${MAP_LOOKS[name][mode]}}`),
    `.${id}-hatch{stroke:${scheme.ground};fill:${scheme.ground}}`,
    `#${id} .free{fill:${MAP_LOOKS.free[mode]}}`,
  ];
}

/** The pattern of each class that has one. */
export function svgPatterns(id: string, present: readonly MapClass[]): string {
  return present
    .filter((name) => MAP_LOOKS[name].pattern !== 'solid')
    .map((name) => {
      const hatch = hatchOf(id, name);
      return (
        `<pattern id="${id}-p-${name}" width="6" height="6" patternUnits="userSpaceOnUse">` +
        `<rect class="${id}-${name}" width="6" height="6"/>${hatch}</pattern>`
      );
    })
    .join('');
}

function hatchOf(id: string, name: MapClass): string {
  const line = (d: string): string =>
    `<path class="${id}-hatch" stroke-width="1.1" stroke-opacity=".75" d="${d}"/>`;
  switch (MAP_LOOKS[name].pattern) {
    case 'stripes':
      return line('M-1.5 1.5l3-3M0 6l6-6M4.5 7.5l3-3');
    case 'back':
      return line('M-1.5 4.5l3 3M0 0l6 6M4.5-1.5l3 3');
    case 'bars':
      return line('M0 3h6');
    case 'cross':
      return line('M0 3h6M3 0v6');
    case 'dots':
      return `<circle class="${id}-hatch" fill-opacity=".8" stroke="none" cx="3" cy="3" r="1.2"/>`;
    case 'solid':
      return '';
  }
}

/** What makes an element look like its class. */
export function fillOf(id: string, name: MapClass): string {
  return MAP_LOOKS[name].pattern === 'solid'
    ? `class="${id}-${name}"`
    : `fill="url(#${id}-p-${name})"`;
}
