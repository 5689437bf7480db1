/** The ways people go on the page, in Chromium; what they find is held to the events themselves. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatBytes } from '../../../loader/base/index.ts';
import { CHROMIUM, dropFiles, PageHost, ready, saved } from './browser.ts';

const BOX = '#run=box-32bit&by=replay';

interface Line {
  readonly seq: number;
  readonly t: number;
  readonly kind: string;
  readonly task: string;
  readonly [key: string]: unknown;
}

const WASTED = new Set([
  'invalid_kread_bytes',
  'invalid_decompress_bytes',
  'invalid_becoming_bytes',
  'invalid_mod_bytes',
]);

describe.skipIf(CHROMIUM === undefined)('ways over the page (skipped without chromium)', () => {
  let host: PageHost;
  let page: Page;
  let events: Line[];
  let result: { first_failure: { seq: number; request: number; t: number; subject: string } };

  beforeAll(async () => {
    host = await PageHost.start();
    ({ page } = await host.visit(BOX));
    await ready(page);
    const text = await saved(page, 'events');
    events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    result = JSON.parse(await saved(page, 'result'));
  });
  afterAll(async () => {
    await host?.stop();
  });

  /** The number in "Request 488: …". */
  async function storyOf(): Promise<number> {
    const title = (await page.textContent('#panel-selected h3')) ?? '';
    return Number(/^Request ([\d,]+):/.exec(title)?.[1]?.replaceAll(',', ''));
  }

  async function storyChanged(from: string): Promise<void> {
    await page.waitForFunction((before) => {
      const title = document.querySelector('#panel-selected h3')?.textContent;
      return title !== undefined && title !== before;
    }, from);
  }

  /** Bytes that a request's areas hold after an event, as the events have it. */
  function held(request: number, seq: number): number {
    const areas = new Map<string, number>();
    for (const event of events) {
      if (event.seq > seq) break;
      const at = event.va_start as string;
      if (event.kind === 'vm_area' && event.request === request) {
        areas.set(at, event.size as number);
      }
      if (event.kind === 'free_vmap_area_noflush') areas.delete(at);
    }
    return [...areas.values()].reduce((sum, size) => sum + size, 0);
  }

  it('two keys lead from the opened page to the life of the request that failed', async () => {
    await page.keyboard.press('f');
    await page.waitForFunction(
      (seq) => document.querySelector('#event')?.textContent?.startsWith(`#${seq} `),
      result.first_failure.seq,
    );
    await page.keyboard.press('r');
    await page.waitForSelector('#panel-selected h3');
    expect(await storyOf()).toBe(result.first_failure.request);
    expect(await page.textContent('#panel-selected h3')).toContain(
      result.first_failure.subject.split('/').at(-1),
    );
    expect(await page.textContent('#panel-selected .story')).toContain('no room for');
  });

  it('a pressed slice lights up the pages that its request holds', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('f');
    await page.waitForFunction(() =>
      / failed=1$/.test(document.querySelector('#event')?.textContent ?? ''),
    );
    const scroller = page.locator('run-timeline .scroller');
    await scroller.scrollIntoViewIfNeeded();
    const box = (await scroller.boundingBox())!;
    const share = result.first_failure.t / events.at(-1)!.t;
    let found = 0;
    // Slices that run at this moment lie left of it; rows are tried until one is hit.
    for (let y = 28; y < box.height && found === 0; y += 15) {
      await page.mouse.click(box.x + 86 + (box.width - 86) * share - 3, box.y + y);
      await page.waitForTimeout(150);
      const chosen = (await page.textContent('.chosen')) ?? '';
      if (/^request [\d,]+/.test(chosen) && (await page.getAttribute('.mark-selected', 'd'))) {
        found = await storyOf();
      }
    }
    expect(found).toBeGreaterThan(0);
    const chosen = (await page.textContent('.chosen'))!;
    const exact = held(found, result.first_failure.seq);
    expect(exact).toBeGreaterThan(0);
    expect(chosen).toContain(formatBytes(exact));
  });

  it('the arrow of a request that waited leads to the one it waited for', async () => {
    // A load that lost: its winner is the request whose load of that name had begun, and won.
    const lost = events.find(
      ({ kind, op, ret }) => kind === 'outcome' && op === 'finit_module' && ret === -17,
    )!;
    await page.keyboard.press('/');
    await page.fill('#find', `request ${lost.request}`);
    await page.waitForSelector('#hits li button');
    const before = (await page.textContent('#panel-selected h3')) ?? '';
    await page.keyboard.press('Enter');
    await storyChanged(before);
    expect(await storyOf()).toBe(lost.request);
    const text = await page.textContent('#panel-selected p');
    const winner = Number(/Waited for request ([\d,]+)/.exec(text ?? '')![1]!.replaceAll(',', ''));
    const title = (await page.textContent('#panel-selected h3')) ?? '';
    await page.click('#panel-selected p button:has-text("request")');
    await storyChanged(title);
    expect(await storyOf()).toBe(winner);
    // As the events have it: who made the module of that name that was there when this one lost.
    const forming = events.findLast(
      ({ kind, name, state, seq }) =>
        kind === 'module_state' && name === lost.module && state === 'unformed' && seq < lost.seq,
    )!;
    const made = events.findLast(
      ({ kind, task, seq }) =>
        kind === 'request_begin' && task === forming.task && seq < forming.seq,
    )!;
    expect(winner).toBe(made.request);
  });

  it.each([
    [0, 1],
    [0.2, 0.4],
    [0.55, 0.56],
  ])('totals of a range are the sums of its events: %d to %d of the run', async (a, b) => {
    const end = events.at(-1)!.t;
    const [from, to] = [Math.round(a * end), Math.round(b * end)];
    const visit = await host.visit(`${BOX}&range=${from}ns-${to}ns`);
    await ready(visit.page);
    await visit.page.click('#tab-totals');
    await visit.page.waitForSelector('#totals-title');
    const steps = events.filter(
      ({ kind, name, t }) =>
        kind === 'counter' && WASTED.has(name as string) && t >= from && t <= to,
    );
    const bytes = steps.reduce((sum, { delta }) => sum + (delta as number), 0);
    const requests = new Set(steps.map(({ request }) => request)).size;
    const title = (await visit.page.textContent('#totals-title'))!;
    expect(Number(/\(([\d,]+) bytes\)/.exec(title)![1]!.replaceAll(',', ''))).toBe(bytes);
    expect(title).toContain(`by ${requests.toLocaleString('en')} request`);
    await visit.page.context().close();
  });

  it('finds a module by a part of its name, a CPU, an error and a line of the log', async () => {
    const kinds = async (text: string): Promise<string[]> => {
      const before = await page.textContent('#hits');
      await page.click('#tab-find');
      await page.fill('#find', text);
      await page.waitForFunction(
        (was) => document.querySelector('#hits')?.textContent !== was,
        before,
      );
      return page.$$eval('#hits .kind', (all) => all.map((each) => each.textContent ?? ''));
    };
    expect(await kinds('btrf')).toContain('module');
    expect(await page.textContent('#hits')).toContain('btrfs');
    expect(await kinds('cpu 3')).toContain('CPU');
    expect(await kinds('ENOMEM')).toContain('errno');
    const printed = events.find(({ kind }) => kind === 'printk')?.text as string | undefined;
    if (printed !== undefined) expect(await kinds(printed.slice(0, 30))).toContain('log');
  });

  it('compares three kernels with a feature switched, and says the difference in words', async () => {
    await page.click('#tab-whatif');
    const chosen = await page.$$('#panel-whatif input[type="checkbox"]');
    for (const each of chosen) {
      const wanted = ['v6.3', 'v6.5', 'v6.12'].includes(await each.inputValue());
      await each.setChecked(wanted);
    }
    await page.selectOption('#panel-whatif select', 'idempotent=none');
    await page.click('#panel-whatif button');
    await page.waitForFunction(
      () =>
        document.querySelectorAll('#panel-whatif th[scope="col"]').length === 8 &&
        !document.querySelector('#panel-whatif table')?.textContent?.includes('…'),
      undefined,
      { timeout: 100_000 },
    );
    const row = await page.$$eval('#panel-whatif tbody tr', (rows) =>
      rows.map((each) => [...each.children].map((cell) => cell.textContent)),
    );
    const [failures] = row;
    const labels = await page.$$eval('#panel-whatif thead th', (all) =>
      all.map((each) => each.textContent),
    );
    const of = (label: string): string => failures![labels.indexOf(label)]!;
    expect(of('v6.12')).toBe('0');
    // Without the gate by inode v6.12 wastes like the kernels before it.
    expect(of('v6.12+idempotent=none')).not.toBe('0');
    const words = await page.textContent('#panel-whatif .differences');
    expect(words).toMatch(/v6\.12: none of the \d+ failures/);
  });

  it('a link carries a scenario written on the page, and opens the same bytes', async () => {
    const visit = await host.visit('#run=race&by=replay&cpus=2');
    await ready(visit.page);
    await visit.page.click('#editor summary');
    await visit.page.waitForFunction(
      () => document.querySelector<HTMLTextAreaElement>('#scenario-json')!.value !== '',
    );
    const scenario = JSON.parse(await visit.page.inputValue('#scenario-json'));
    scenario.name = 'written here: ü';
    scenario.machine = { ...scenario.machine, cpus: 5 };
    await visit.page.fill('#cpus', '');
    await visit.page.fill('#scenario-json', JSON.stringify(scenario));
    await visit.page.click('#run-edited');
    await visit.page.waitForFunction(() =>
      document.querySelector('.track h2')?.textContent?.startsWith('written here'),
    );
    await ready(visit.page);
    const bytes = await saved(visit.page, 'events');
    await visit.page.click('#share');
    await visit.page.waitForFunction(() => location.hash.includes('doc='));
    const { hash } = new URL(visit.page.url());
    const again = await host.visit(hash);
    await ready(again.page);
    expect(await again.page.textContent('.track h2')).toContain('written here: ü');
    expect((await saved(again.page, 'events')) === bytes).toBe(true);
    await again.page.context().close();
    // What cannot be read is said with its place; the run stays.
    await visit.page.fill('#scenario-json', '{"version": 1, "name": 3}');
    await visit.page.click('#run-edited');
    await visit.page.waitForSelector('#problem:not([hidden])');
    expect(await visit.page.textContent('#problem')).toContain('scenario.json: name');
    await visit.page.context().close();
    const broken = await host.visit(`${hash.replace(/doc=[^&]{9}/, 'doc=AAAAAAAAA')}`);
    await broken.page.waitForSelector('#problem:not([hidden])');
    await broken.page.context().close();
  });

  it('a dropped scenario has a link, too', async () => {
    const visit = await host.visit();
    await visit.page.check('input[value="replay"]');
    const scenario = {
      version: 1,
      name: 'dropped',
      machine: { cpus: 2 },
      modules: { catalog: 'boot', init: {} },
      storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
    };
    await dropFiles(visit.page, { 'mine.json': JSON.stringify(scenario) });
    await ready(visit.page);
    await visit.page.waitForFunction(() => location.hash.includes('doc='));
    await visit.page.context().close();
  });
});
