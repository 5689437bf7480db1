// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ADDRESS_SPACES } from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { mapSvg } from '../../../loader/view/map-svg.ts';
import { HandTrace } from './hand-trace.ts';
import { ToyKernel } from './toy-kernel.ts';

/** Elements and attributes; throws where the text is not well-formed. */
function parseXml(text: string): { name: string; attributes: Record<string, string> }[] {
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const open: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      const words = text.slice(at, end < 0 ? text.length : end);
      if (/&(?!#\d+;)/.test(words)) throw new Error(`bare & in "${words}"`);
      at = end < 0 ? text.length : end;
      continue;
    }
    const tag = /^<(\/?)([\w]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/.exec(
      text.slice(at, at + 2_000_000),
    );
    if (!tag) throw new Error(`no tag at "${text.slice(at, at + 80)}"`);
    const [whole, closing, name, attributes, empty] = tag;
    at += whole.length;
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const pairs = [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map((m) => [m[1]!, m[2]!]);
    elements.push({ name: name!, attributes: Object.fromEntries(pairs) });
    if (!empty) open.push(name!);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  return elements;
}

function failing() {
  const map = new HandTrace(1024)
    .begin(1, 'a<b>&"c".ko')
    .stage(1, 'kread')
    .area(0, 300, 'file', 1)
    .area(400, 20, 'text', 1, 'tun')
    .area(700, 9, 'ioremap')
    .search(null, 400)
    .purge(0)
    .search(null, 400)
    .end(1, -12)
    .map();
  const found = map.stateAtMoment({ at: 'failure' });
  if (!found.ok) throw new Error(found.message);
  return { map, state: found.state };
}

/** Area of the rectangles of a path, in cells of 3 by `height`. */
function cellsOf(path: string, height: number): number {
  const rectangles = [...path.matchAll(/M[\d.]+ [\d.]+h([\d.]+)v([\d.]+)h-[\d.]+z/g)];
  expect(rectangles.map((m) => m[0]).join('')).toBe(path);
  return rectangles.reduce((sum, m) => sum + (Number(m[1]) / 3) * (Number(m[2]) / height), 0);
}

describe('the SVG map', () => {
  it('is well-formed, whatever the names in it', () => {
    const { map, state } = failing();
    const elements = parseXml(mapSvg(map, state, { failure: map.firstFailure }));
    expect(elements[0]?.name).toBe('svg');
    const names = elements.map(({ name }) => name);
    expect(new Set(names)).toEqual(
      new Set([
        'svg',
        'title',
        'desc',
        'style',
        'defs',
        'pattern',
        'g',
        'rect',
        'path',
        'text',
        'circle',
      ]),
    );
  });

  it('paints as many cells of each class as it has pages', () => {
    const { map, state } = failing();
    const elements = parseXml(mapSvg(map, state));
    const paths = elements.filter(({ name }) => name === 'path');
    const byFill = (fill: string) =>
      paths.find(({ attributes }) => attributes.class === fill || attributes.fill === fill)!;
    // 4 rows of 16.
    const count = (fill: string) => Math.round(cellsOf(byFill(fill).attributes.d!, 16));
    expect(count('vm-file')).toBe(299);
    expect(count('vm-text')).toBe(19);
    expect(count('url(#vm-p-ioremap)')).toBe(8);
    expect(count('vm-guard')).toBe(3);
  });

  it('tells its content to who cannot see it', () => {
    const { map, state } = failing();
    const svg = mapSvg(map, state, { failure: map.firstFailure });
    const root = parseXml(svg)[0]!.attributes;
    expect(root.role).toBe('img');
    expect(root['aria-labelledby']).toBe('vm-title vm-desc');
    expect(svg).toContain('<title id="vm-title">vmalloc space at 0ns</title>');
    expect(svg).toMatch(
      /<desc id="vm-desc">Of 4 MiB, 1\.3 MiB are in use, 0 B parked and 2\.7 MiB free/,
    );
    expect(svg).toContain('wanted 1,638,400 bytes');
  });

  it('outlines the largest hole, and the request with as many cells as it needs', () => {
    const { map, state } = failing();
    const svg = mapSvg(map, state, { failure: map.firstFailure });
    const outline = (name: string) =>
      new RegExp(`<path class="${name}" d="([^"]+)"`).exec(svg)?.[1];
    // Cells 709 to 1024 are rows 2 (from column 197) and 3; 400 cells end at 1024, from 624 on.
    const x = (column: number) => 96 + column * 3;
    const top = Number(/<rect class="frame" x="96" y="([\d.]+)"/.exec(svg)?.[1]);
    const y = (row: number) => top + row * 16;
    expect(outline('hole')).toBe(
      `M${x(197)} ${y(2)}L${x(256)} ${y(2)}L${x(256)} ${y(3)}L${x(256)} ${y(3)}` +
        `L${x(256)} ${y(4)}L${x(0)} ${y(4)}L${x(0)} ${y(3)}L${x(197)} ${y(3)}z`,
    );
    expect(outline('wanted')?.startsWith(`M${x(624 - 512)} ${y(2)}L`)).toBe(true);
    expect(mapSvg(map, state)).not.toContain('class="wanted"');
    expect(svg).toContain('>largest hole</text>');
    expect(svg).toContain('>wanted in one piece</text>');
  });

  it('has colours for light and dark and a pattern for each class of a like colour', () => {
    const { map, state } = failing();
    const svg = mapSvg(map, state);
    expect(svg).toContain('@media (prefers-color-scheme:dark){');
    expect(svg).toContain('<pattern id="vm-p-ioremap"');
    expect(svg).not.toMatch(/<script|href|url\((?!#)|@import/);
  });

  it('keeps ids apart, and gives the same bytes twice', () => {
    const { map, state } = failing();
    const one = mapSvg(map, state, { idPrefix: 'left' });
    expect(one).toBe(mapSvg(map, state, { idPrefix: 'left' }));
    for (const { attributes } of parseXml(one)) {
      if (attributes.id !== undefined) expect(attributes.id).toMatch(/^left/);
    }
  });

  it('draws every window of every address space, empty or full', () => {
    for (const space of ADDRESS_SPACES.values()) {
      const map = new AddressMap(space);
      const empty = map.stateAt({ seq: 0 });
      for (const window of map.windows) {
        expect(parseXml(mapSvg(map, empty, { window })).length).toBeGreaterThan(10);
      }
      const kernel = new ToyKernel(space, 5, map);
      kernel.run(300);
      expect(parseXml(mapSvg(map, map.stateAt({ seq: map.last.seq }))).length).toBeGreaterThan(20);
    }
    const full = new HandTrace(64).area(0, 64, 'keep').map();
    const svg = mapSvg(full, full.stateAt({ seq: 1 }));
    expect(svg).not.toContain('class="hole"');
    expect(parseXml(svg).length).toBeGreaterThan(10);
  });

  const rsvg = spawnSync('rsvg-convert', ['--version']).status === 0;
  it.skipIf(!rsvg)('is drawn by a renderer that is not ours (needs rsvg-convert)', () => {
    const { map, state } = failing();
    const svg = mapSvg(map, state, { failure: map.firstFailure });
    const png = spawnSync('rsvg-convert', { input: svg, maxBuffer: 1 << 26 });
    expect(png.stderr.toString()).toBe('');
    expect(png.stdout.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(png.stdout.readUInt32BE(16)).toBe(96 + 256 * 3 + 196);
  });
});
