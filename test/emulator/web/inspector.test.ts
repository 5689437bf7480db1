// SPDX-License-Identifier: MIT
/** The page in Debian's Chromium, held to Node and used as people use it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModuleDirectory } from '../../../scripts/cli/module-directory.ts';
import { moduleFile } from '../../loader/module/rig.ts';
import { CHROMIUM, dropFiles, PageHost, ready, saved } from './browser.ts';
import { bootInNode, type NodeRun, replayInNode } from './node-run.ts';

/** 10 MiB are too little for 64 CPUs: allocations fail. */
const FAILING = '#run=first-boot&mib=10';
const QUICK = '#run=first-boot&cpus=4&mib=16&by=replay';

describe.skipIf(CHROMIUM === undefined)('the inspector (skipped without chromium)', () => {
  let host: PageHost;
  let node: NodeRun;

  beforeAll(async () => {
    host = await PageHost.start();
    node = await bootInNode('first-boot', { machine: { cpus: 64, vmalloc: { mib: 10 } } });
  });
  afterAll(async () => {
    await host?.stop();
  });

  it('boots the guest in the tab and comes to the same bytes as Node', async () => {
    const { page, complaints } = await host.visit(FAILING);
    await ready(page);
    expect(await page.textContent('pre.stats')).toBe(node.stats);
    expect(await page.textContent('#console')).toBe(node.console);
    expect(await saved(page, 'stats')).toBe(node.stats);
    expect(await saved(page, 'vmallocinfo')).toBe(node.vmallocinfo);
    expect((await saved(page, 'events')) === node.events).toBe(true);
    expect((await saved(page, 'result')) === node.result).toBe(true);
    expect((await saved(page, 'trace')) === node.trace).toBe(true);
    expect((await saved(page, 'ftrace')) === node.ftrace).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('goes to the first failure and marks the hole it did not fit into', async () => {
    const { page } = await host.visit(FAILING);
    await ready(page);
    await page.click('#to-peak');
    await page.waitForFunction(() => document.querySelector('.marks .wanted')?.textContent === '');
    await page.click('#to-failure');
    await page.waitForFunction(() => document.querySelector('.marks .wanted')?.textContent !== '');
    const failure = JSON.parse(node.result).first_failure;
    const hole = await page.textContent('.marks .hole');
    expect(hole).toMatch(/^largest hole [\d.,]+ [KM]iB at 0x[0-9a-f]{8}$/);
    const largest = await figure(page, 'largest hole');
    expect(bytesOf(hole!)).toBe(bytesOf(largest));
    expect(Math.abs(bytesOf(largest) - failure.largest_free)).toBeLessThan(0.06 * 2 ** 20);
    expect(bytesOf((await page.textContent('.marks .wanted'))!)).toBeGreaterThan(bytesOf(largest));
    expect(await page.getAttribute('.mark-hole', 'd')).toMatch(/^M/);
    expect(await page.getAttribute('.mark-wanted', 'd')).toMatch(/^M/);
    expect(await page.textContent('#event')).toMatch(new RegExp(`^#${failure.seq} .*failed=1$`));
    const t = failure.t / 1e6;
    expect(Number.parseFloat((await page.textContent('#now'))!)).toBeCloseTo(t, 5);
    await page.context().close();
  });

  it('rebuilds a moment exactly, event by event', async () => {
    const { page } = await host.visit(FAILING);
    await ready(page);
    await page.click('#to-failure');
    const at = JSON.parse(node.result).first_failure.seq;
    const lines = node.events.trimEnd().split('\n');
    for (const by of [1, 2, 3]) {
      await page.keyboard.press('.');
      await page.waitForFunction(
        (seq) => document.querySelector('#event')?.textContent?.startsWith(`#${seq} `),
        at + by,
      );
      const event = JSON.parse(lines[at + by]!);
      expect(await page.textContent('#event')).toContain(event.kind);
    }
    await page.context().close();
  });

  it('shows a dropped scenario, and a dropped result with and without its events', async () => {
    const { page, complaints } = await host.visit();
    await page.check('input[value="replay"]');
    const scenario = {
      version: 1,
      name: 'dropped storm',
      machine: { cpus: 2 },
      modules: { catalog: 'boot', init: {} },
      storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
    };
    await dropFiles(page, { 'mine.json': JSON.stringify(scenario) });
    await ready(page);
    expect(await page.textContent('.track h2')).toBe('dropped storm, kernel v6.12');

    await dropFiles(page, { 'result.json': node.result });
    await page.waitForFunction(() =>
      document.querySelector('#status')?.textContent?.includes('only the end'),
    );
    await ready(page);
    expect(await page.textContent('pre.stats')).toBe(node.stats);
    expect(await page.isVisible('time-charts')).toBe(false);

    await dropFiles(page, { 'result.json': node.result, 'events.jsonl': node.events });
    // A recording takes the place of the run on the screen only when it has been opened.
    await page.waitForFunction(() =>
      document.querySelector('.marks .wanted')?.textContent?.includes('wanted'),
    );
    await ready(page);
    expect(await page.textContent('#status')).toContain('simulated');
    expect(await page.isVisible('time-charts')).toBe(true);
    expect((await saved(page, 'events')) === node.events).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('takes a folder of modules and leaves the bytes of a replay in Node', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'modstorm-folder-'));
    const release = join(folder, '6.12.0-folder');
    mkdirSync(join(release, 'kernel', 'fs'), { recursive: true });
    for (const name of ['alpha', 'beta', 'gamma']) {
      const { bytes } = moduleFile({ name });
      writeFileSync(join(release, 'kernel', 'fs', `${name}.ko`), bytes);
    }
    const dep = 'kernel/fs/alpha.ko: kernel/fs/gamma.ko\nkernel/fs/beta.ko:\nkernel/fs/gamma.ko:\n';
    writeFileSync(join(release, 'modules.dep'), dep);
    const { page, complaints } = await host.visit();
    await page.check('input[value="replay"]');
    await page.fill('#cpus', '3');
    await page.setInputFiles('#folder', release);
    await ready(page);
    const expected = replayInNode('race', openModuleDirectory(release), { cpus: 3 });
    expect((await saved(page, 'events')) === expected).toBe(true);
    expect(await page.textContent('.answer h2')).toContain('3 modules loaded');
    expect(complaints).toEqual([]);
    rmSync(folder, { recursive: true });
    await page.context().close();
  });

  it('finds the address space of events that come without their result', async () => {
    const { page } = await host.visit();
    await dropFiles(page, { 'events.jsonl': node.events });
    await ready(page);
    expect((await saved(page, 'events')) === node.events).toBe(true);
    expect(await page.textContent('.answer')).toContain('drop it too');
    await page.context().close();
  });

  it.each([
    ['a picture', { 'photo.png': 'PNG' }, 'photo.png: expected a scenario'],
    ['broken JSON', { 'mine.json': '{"version": 1,' }, 'mine.json: expected JSON'],
    ['a wrong scenario', { 'mine.json': '{"version": 1, "name": "x"}' }, 'mine.json: modules'],
    [
      'a wrong result',
      { 'result.json': '{"version": 1, "counters": {}}' },
      'result.json: scenario',
    ],
    ['broken events', { 'events.jsonl': '{"seq": 0}\n' }, 'events.jsonl: expected events'],
  ])('says what is wrong with %s', async (_, files, message) => {
    const { page, complaints } = await host.visit();
    await dropFiles(page, files as unknown as Record<string, string>);
    await page.waitForSelector('#problem:not([hidden])');
    expect(await page.textContent('#problem')).toContain(message);
    expect(await page.getAttribute('#problem', 'role')).toBe('alert');
    expect(await page.isEnabled('#start')).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('can be used with the keyboard alone', async () => {
    const { page } = await host.visit();
    await tabTo(page, '#mib');
    await page.keyboard.type('10');
    await tabTo(page, '#start');
    await page.keyboard.press('Enter');
    await ready(page);
    await tabTo(page, 'address-map');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() =>
      document.querySelector('.area-line')?.textContent?.startsWith('0xf'),
    );
    const first = await page.textContent('.area-line .mono');
    await page.keyboard.press('Shift+ArrowRight');
    await page.waitForFunction(
      (before) => document.querySelector('.area-line .mono')?.textContent !== before,
      first,
    );
    await page.keyboard.press('c');
    expect(await page.inputValue('#shading')).toBe('stage');
    await page.waitForFunction(() =>
      /stage/.test(document.querySelector('.legend')?.textContent ?? ''),
    );
    await page.keyboard.press('+');
    expect(await page.getAttribute('address-map', 'data-zoomed')).toBe('');
    await page.keyboard.press('0');
    await tabTo(page, 'time-charts');
    await page.keyboard.press('Home');
    await page.waitForFunction(() => document.querySelector('#now')?.textContent === '0ns');
    await page.keyboard.press('End');
    await page.keyboard.press('f');
    await page.waitForFunction(() => document.querySelector('.marks .wanted')?.textContent !== '');
    await page.keyboard.press(' ');
    expect(await page.textContent('#play')).toBe('Pause');
    await page.keyboard.press(' ');
    expect(await page.textContent('#play')).toBe('Play');
    await page.keyboard.press('?');
    expect(await page.isVisible('#help')).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.isVisible('#help')).toBe(false);
    await page.context().close();
  });

  it.each([
    ['light', 'empty', '', 1280],
    ['light', 'after a run', QUICK, 1280],
    ['dark', 'with two kernels', `${QUICK}&vs=v6.3`, 1280],
    ['dark', 'on a phone', `${QUICK}&colour=cpu`, 390],
  ] as const)('has no fault axe can find: %s, %s', async (scheme, _, fragment, width) => {
    const { page } = await host.visit(fragment, {
      colorScheme: scheme,
      viewport: { width, height: 844 },
    });
    if (fragment !== '') await ready(page);
    const violations = await axe(page);
    expect(violations).toEqual([]);
    await page.context().close();
  });

  it('fits a phone: nothing lies beyond its edge, and what is pressed is large enough', async () => {
    const { page, complaints } = await host.visit(QUICK, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await ready(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    const small = await page.$$eval('main button:not(.link), main select', (all) =>
      all
        .map((each) => ({ id: each.id, box: each.getBoundingClientRect() }))
        .filter(({ box }) => box.height > 0 && box.height < 36)
        .map(({ id }) => id),
    );
    expect(small).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows two kernels at the same moment', async () => {
    const { page } = await host.visit(`${QUICK}&vs=v6.3&at=peak`);
    await ready(page);
    expect(await page.$$eval('.track h2', (all) => all.map((each) => each.textContent))).toEqual([
      'first-boot, kernel v6.12',
      'first-boot, kernel v6.3',
    ]);
    const [first, second] = await page.$$eval('time-charts', (all) =>
      all.map((each) => each.getAttribute('aria-valuenow')),
    );
    expect(first).toBe(second);
    expect(await page.locator('.answer').count()).toBe(2);
    await page.context().close();
  });

  it('gives a link that leads to the same run and moment', async () => {
    const { page } = await host.visit(`${QUICK}&colour=stage`);
    await ready(page);
    await page.focus('time-charts');
    await page.keyboard.press('PageDown');
    const now = await page.textContent('#now');
    await page.click('#share');
    await page.waitForFunction(() => location.hash.includes('at='));
    const { hash } = new URL(page.url());
    const again = await host.visit(hash);
    await ready(again.page);
    expect(await again.page.textContent('#now')).toBe(now);
    expect(await again.page.inputValue('#shading')).toBe('stage');
    expect(await again.page.inputValue('#cpus')).toBe('4');
    await again.page.context().close();
    await page.context().close();
  });

  it.each(['#run=nope', '#run=race&cpus=x', '#run=race&kernel=v9', '#run=race&space=moon'])(
    'refuses a link that asks for what is not there: %s',
    async (fragment) => {
      const { page } = await host.visit(fragment);
      await page.waitForSelector('#problem:not([hidden])');
      expect(await page.textContent('#problem')).toContain('does not know');
      expect(await page.isVisible('#empty')).toBe(true);
      await page.context().close();
    },
  );

  it('saves the map as PNG and SVG', async () => {
    const { page } = await host.visit(QUICK);
    await ready(page);
    expect((await saved(page, 'png')).slice(1, 4)).toBe('PNG');
    expect(await saved(page, 'svg')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    await page.context().close();
  });

  it('replays without WebAssembly and says why no guest boots', async () => {
    const { page } = await host.visit();
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebAssembly'));
    await page.reload();
    expect(await page.isVisible('#no-wasm')).toBe(true);
    expect(await page.isDisabled('input[value="guest"]')).toBe(true);
    await page.click('#first-boot');
    await ready(page);
    expect(await page.textContent('pre.stats')).toContain('Mods ever loaded');
    await page.context().close();
  });

  it('says so when its script cannot be loaded', async () => {
    const { page } = await host.visit();
    await page.route('**/page-*.js', (route) => route.abort());
    await page.reload();
    await page.waitForSelector('#loading', { state: 'visible' });
    await page.context().close();
  });

  it('stops a run that is under way and keeps what was recorded', async () => {
    const { page, complaints } = await host.visit('#run=one-by-one&by=replay');
    await page.waitForFunction(() =>
      /[1-9][\d,]* events/.test(document.querySelector('#status')?.textContent ?? ''),
    );
    await page.waitForFunction(() => document.querySelector('.figures')?.textContent !== '');
    await page.click('#stop');
    await ready(page);
    expect(await page.textContent('#headline .aside')).toContain('stopped at');
    expect(await page.isEnabled('#start')).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('opens on a failing boot and says the answer first', async () => {
    const { page, complaints } = await host.visit('');
    await ready(page);
    expect(await page.textContent('#headline')).toMatch(
      /could not load .* wanted .*, the largest hole was/,
    );
    await page.waitForFunction(() =>
      /Under v6\.12: no failure/.test(document.querySelector('#headline')?.textContent ?? ''),
    );
    await page.click('#headline [data-to="request"]');
    await page.waitForFunction(() => document.querySelector('.story') !== null);
    await page.waitForFunction(() => document.querySelector('.chosen')?.textContent !== '');
    expect(await page.getAttribute('.mark-selected', 'd')).toMatch(/^M/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('opens at the moment a link asks for on a slow machine, too', async () => {
    const { page } = await host.visit();
    const client = await page.context().newCDPSession(page);
    await client.send('Emulation.setCPUThrottlingRate', { rate: 6 });
    await page.goto(`${host.url}?slow#run=box-32bit&by=replay&at=1ms`);
    await ready(page);
    await page.waitForTimeout(1500);
    expect(await page.textContent('#now')).toBe('1ms');
    expect(await page.textContent('.figures')).toMatch(/ used \([0-9.]+ %\)/);
    const used = await page.evaluate(() => document.querySelector('#event')?.textContent);
    // The last event up to 1 ms, not that of the end.
    expect(Number(/^#(\d+)/.exec(used ?? '')?.[1])).toBeLessThan(1000);
    await page.context().close();
  });

  it('zooms the time by keys and carries it in the address', async () => {
    const { page } = await host.visit(QUICK);
    await ready(page);
    const all = await page.textContent('#range-text');
    await page.keyboard.press('w');
    await page.keyboard.press('w');
    expect(await page.textContent('#range-text')).not.toBe(all);
    await page.waitForFunction(() => location.hash.includes('range='));
    await page.keyboard.press('e');
    expect(await page.textContent('#range-text')).toBe(all);
    await page.context().close();
  });

  it('keeps the run on the screen when dropped files cannot be opened', async () => {
    const { page } = await host.visit(QUICK);
    await ready(page);
    await dropFiles(page, { 'events.jsonl': 'nothing' });
    await page.waitForSelector('#problem:not([hidden])');
    expect(await page.isVisible('address-map')).toBe(true);
    expect(await page.inputValue('#scenario')).toBe('first-boot');
    await page.context().close();
  });

  it('opens events that break off up to there, and refuses those of another run', async () => {
    const { page } = await host.visit();
    await dropFiles(page, {
      'result.json': node.result,
      'events.jsonl': node.events.slice(0, node.events.length / 2),
    });
    await ready(page);
    expect(await page.textContent('#headline')).toContain('shown is the run up to there');
    const other = JSON.parse(node.result);
    other.results[0].start_ns += 1;
    await dropFiles(page, {
      'result.json': JSON.stringify(other),
      'events.jsonl': node.events,
    });
    await page.waitForSelector('#problem:not([hidden])');
    expect(await page.textContent('#problem')).toContain('are of different runs');
    await page.context().close();
  });

  it('says that a file of garbage was refused, and that a folder has no scenario', async () => {
    const { page } = await host.visit();
    await page.check('input[value="replay"]');
    await dropFiles(page, { 'garbage.ko': 'this is no module' });
    await ready(page);
    const answer = await page.textContent('#headline');
    expect(answer).toContain('loads were refused');
    expect(answer).toContain('No scenario was dropped');
    await page.context().close();
  });
});

/** The value a chart's caption gives for a quantity. */
async function figure(page: Page, name: string): Promise<string> {
  const text = await page.textContent(`figcaption span:has-text("${name}") b`);
  return text ?? '';
}

function bytesOf(text: string): number {
  const [, amount, unit] = /([\d.,]+) ([KMG]?i?B)/.exec(text)!;
  return Number(amount!.replaceAll(',', '')) * 1024 ** ['B', 'KiB', 'MiB', 'GiB'].indexOf(unit!);
}

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 80; i += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no Tab leads to ${selector}`);
}

/** Faults of any impact, each in one line. */
async function axe(page: Page): Promise<string[]> {
  const source = readFileSync(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
  );
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; nodes: { html: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 100)).join(' | ')}`,
    );
  });
}
