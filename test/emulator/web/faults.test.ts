/**
 * What was wrong on the page once, in Chromium and in Firefox. The order is that of a visit: to
 * open, to run, to drop files, to look, to save.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bootInNode, type NodeRun } from './node-run.ts';
import {
  BROWSERS,
  click,
  drop,
  fieldOf,
  runShown,
  savedText,
  setValue,
  type Tab,
  textOf,
} from './tabs.ts';

/** The times that a text names, in nanoseconds. */
function times(text: string): number[] {
  const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };
  const found = text.matchAll(/([\d.]+) ?(ns|µs|us|ms|s)\b/g);
  return [...found].map(([, amount, unit]) => Number(amount) * units[unit!]!);
}

const length = ([from, to]: number[]): number => to! - from!;
const QUICK = '#run=first-boot&cpus=4&mib=16&by=replay';
const FAILING = '#run=box-32bit&by=replay';
/** The page gets a tenth of its thread, as on a slow machine. */
const BUSY = `setInterval(() => {
  const until = performance.now() + 90;
  while (performance.now() < until);
}, 100);`;

describe.each(BROWSERS)('faults of the page, in $name', ({ name, path, start }) => {
  describe.skipIf(path === undefined)(`(skipped without ${name})`, () => {
    let browser: Awaited<ReturnType<typeof start>>;
    let node: NodeRun;
    let tab: Tab;

    beforeAll(async () => {
      browser = await start();
      node = await bootInNode('first-boot', { machine: { cpus: 8, vmalloc: { mib: 16 } } });
    });
    afterAll(async () => {
      await browser?.stop();
    });
    afterEach(async () => {
      await tab?.close();
    });

    async function open(fragment: string): Promise<void> {
      tab = await browser.tab();
      await tab.goto(browser.url + fragment);
    }

    async function opened(fragment: string): Promise<void> {
      await open(fragment);
      await runShown(tab);
    }

    async function problem(): Promise<string> {
      await tab.waitForFunction(() => !document.querySelector<HTMLElement>('#problem')!.hidden);
      return textOf(tab, '#problem');
    }

    /** Beginning and end of the time shown, in nanoseconds. */
    async function range(): Promise<number[]> {
      return times(await textOf(tab, '#range-text'));
    }

    /** One event back and one on leads to the same event; what the map says must be the same. */
    async function figuresOfTheEventShown(): Promise<string> {
      const event = await textOf(tab, '#event');
      await tab.keyboard.press(',');
      await tab.waitForFunction(
        (before) => document.querySelector('#event')?.textContent !== before,
        event,
      );
      await tab.keyboard.press('.');
      await tab.waitForFunction(
        (before) => document.querySelector('#event')?.textContent === before,
        event,
      );
      return textOf(tab, '.figures');
    }

    it('shows the moment that a link asks for on clock and map, on a slow machine', async () => {
      tab = await browser.tab();
      await tab.addInitScript(BUSY);
      await tab.goto(`${browser.url}${FAILING}&at=1ms`);
      await runShown(tab);
      await tab.waitForFunction(() => document.querySelector('#now')?.textContent === '1ms');
      const figures = await textOf(tab, '.figures');
      expect(await figuresOfTheEventShown()).toBe(figures);
      expect(times(await textOf(tab, '#now'))[0]).toBeLessThanOrEqual(1e6);
    });

    it('opens a failing boot at its first failure, not at its end', async () => {
      tab = await browser.tab();
      await tab.addInitScript(BUSY);
      await tab.goto(`${browser.url}${FAILING}`);
      await runShown(tab);
      await tab.waitForFunction(() =>
        / failed=1$/.test(document.querySelector('#event')?.textContent ?? ''),
      );
      const shown = await textOf(tab, '#now');
      await tab.keyboard.press('[');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await textOf(tab, '#now')).toBe(shown);
    });

    it('knows the last of many thousand failures', async () => {
      await open('#stage');
      await click(tab, 'input[value="replay"]');
      const storm = { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] };
      const scenario = {
        version: 1,
        name: 'no room',
        machine: { cpus: 400, vmalloc: { mib: 2 } },
        modules: { catalog: 'boot', init: {} },
        storm,
      };
      await drop(tab, { 'mine.json': JSON.stringify(scenario) });
      await runShown(tab);
      const lines = (await savedText(tab, 'events')).trimEnd().split('\n');
      const refused = lines.filter((line) => line.includes('"ret":-12,')).length;
      expect(refused).toBeGreaterThan(5000);
      const last = JSON.parse(lines.findLast((line) => line.includes('"failed":1'))!).seq;
      await tab.keyboard.press('l');
      await tab.waitForFunction(
        (end) => document.querySelector('#event')?.textContent?.startsWith(`#${end} `),
        lines.length - 1,
      );
      await tab.keyboard.press('[');
      await tab.waitForFunction(
        (seq) => document.querySelector('#event')?.textContent?.startsWith(`#${seq} `),
        last,
      );
    });

    it('shows the map after Boot on a phone', async () => {
      await open('#stage');
      await tab.setViewportSize({ width: 390, height: 844 });
      await setValue(tab, '#cpus', '4');
      await tab.evaluate(() => {
        document.querySelector<HTMLElement>('input[value="replay"]')!.click();
        document.querySelector('#start')!.scrollIntoView();
        document.querySelector<HTMLElement>('#start')!.click();
      });
      await runShown(tab);
      const seen = await tab.evaluate(() => {
        const { top, bottom } = document.querySelector('address-map')!.getBoundingClientRect();
        return Math.min(bottom, innerHeight) - Math.max(top, 0);
      });
      expect(seen).toBeGreaterThan(150);
    });

    it('refuses events of another run and keeps the run shown', async () => {
      await opened(QUICK);
      const title = await textOf(tab, '.track h2');
      const other = JSON.parse(node.result);
      other.results[0].start_ns += 1;
      await drop(tab, { 'result.json': JSON.stringify(other), 'events.jsonl': node.events });
      expect(await problem()).toContain('are of different runs');
      expect(await textOf(tab, '.track h2')).toBe(title);
      // The bad files are not tried again.
      await click(tab, '#start');
      await tab.waitForFunction(() => document.querySelector<HTMLElement>('#problem')!.hidden);
      await runShown(tab);
      expect(await textOf(tab, '.track h2')).toBe(title);
    });

    it('shows a recording once, whatever kernel is beside', async () => {
      await opened(`${QUICK}&vs=v6.3`);
      await drop(tab, { 'result.json': node.result, 'events.jsonl': node.events });
      await tab.waitForFunction(() => document.querySelectorAll('.track').length === 1);
      await runShown(tab);
      expect((await savedText(tab, 'events')) === node.events).toBe(true);
    });

    it('opens events that break off, up to there', async () => {
      await open('#stage');
      const half = node.events.slice(0, node.events.length / 2);
      await drop(tab, { 'result.json': node.result, 'events.jsonl': half });
      await runShown(tab);
      expect(await textOf(tab, '#headline')).toContain('shown is the run up to there');
      const whole = half.slice(0, half.lastIndexOf('\n') + 1);
      expect((await savedText(tab, 'events')) === whole).toBe(true);
    });

    it('keeps what was recorded when a run is stopped', async () => {
      await open('#run=one-by-one&by=replay');
      await tab.waitForFunction(
        () => /[1-9][\d,]* events/.test(document.querySelector('#status')?.textContent ?? ''),
        undefined,
        { timeout: 60_000 },
      );
      await tab.waitForFunction(() => document.querySelector('.figures')?.textContent !== '');
      await click(tab, '#stop');
      await runShown(tab);
      expect(await textOf(tab, '#headline .aside')).toContain('stopped at');
      const lines = (await savedText(tab, 'events')).trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(100);
    });

    it('says that a garbage module was refused and that no scenario came with it', async () => {
      await open('#stage');
      await tab.evaluate(() =>
        document.querySelector<HTMLElement>('input[value="replay"]')!.click(),
      );
      await drop(tab, { 'garbage.ko': 'this is no module' });
      await runShown(tab);
      const answer = await textOf(tab, '#headline');
      expect(answer).toContain('loads were refused');
      expect(answer).toContain('No scenario was dropped');
    });

    it('shows the seed of a link and drops it when the field is emptied', async () => {
      await opened(`${QUICK}&seed=7`);
      expect(await fieldOf(tab, '#seed')).toBe('7');
      await setValue(tab, '#seed', '');
      await click(tab, '#start');
      await runShown(tab);
      expect(await tab.evaluate(() => location.hash)).not.toContain('seed');
    });

    it('writes a run of the form to the address', async () => {
      await opened(QUICK);
      await setValue(tab, '#cpus', '3');
      await click(tab, '#start');
      await runShown(tab);
      const hash = await tab.evaluate(() => location.hash);
      expect(hash).toContain('cpus=3');
      await tab.goto(browser.url + hash);
      await runShown(tab);
      expect(await fieldOf(tab, '#cpus')).toBe('3');
      expect(await textOf(tab, '.track-head p')).toMatch(/^3 CPUs/);
    });

    it('leaves the form as it is when a link is bad', async () => {
      await opened(QUICK);
      await tab.evaluate(() => {
        location.hash = '#run=first-boot&cpus=9&kernel=nope';
      });
      expect(await problem()).toContain('does not know');
      expect(await fieldOf(tab, '#cpus')).toBe('4');
      expect(await fieldOf(tab, '#mib')).toBe('16');
    });

    it('goes on playing where it was after a tab was hidden', async () => {
      await opened(`${QUICK}&at=0ns`);
      const [before, after, end] = await tab.evaluate(async () => {
        const charts = document.querySelector('time-charts')!;
        const now = (): number => Number(charts.getAttribute('aria-valuenow'));
        const wait = (ms: number): Promise<void> =>
          new Promise((resolve) => setTimeout(resolve, ms));
        const real = requestAnimationFrame;
        document.querySelector<HTMLSelectElement>('#speed')!.value = '0.25';
        document.querySelector('#speed')!.dispatchEvent(new Event('change'));
        document.querySelector<HTMLElement>('#play')!.click();
        await wait(500);
        // A hidden tab gets no frames.
        const held: FrameRequestCallback[] = [];
        globalThis.requestAnimationFrame = (act) => held.push(act);
        await wait(300);
        const shown = now();
        await wait(4000);
        globalThis.requestAnimationFrame = real;
        for (const act of held) real(act);
        await wait(500);
        const then = now();
        document.querySelector<HTMLElement>('#play')!.click();
        return [shown, then, Number(charts.getAttribute('aria-valuemax'))] as const;
      });
      expect(after).toBeGreaterThan(before);
      // Four seconds at this speed are a tenth of the run or more; half a second is far less.
      expect(after - before).toBeLessThan(end * 0.04);
    });

    it('says which kernels have no stats instead of giving those of another', async () => {
      await opened(`${QUICK}&kernel=v6.3`);
      await setValue(tab, '#save', 'stats');
      expect(await problem()).toContain('v6.3 has no modules/stats');
    });

    it('tells how far a long file is, and gives it up when asked', async () => {
      // More events than are written in one go.
      await opened('#run=first-boot&cpus=512&by=replay');
      const said = await tab.evaluate(async () => {
        const status = document.querySelector('#status')!;
        const texts: string[] = [];
        let files = 0;
        URL.createObjectURL = () => {
          files += 1;
          return '';
        };
        const observer = new MutationObserver(() => {
          texts.push(status.textContent ?? '');
          if (status.textContent?.startsWith('Writing')) {
            document.querySelector<HTMLElement>('#stop')!.click();
          }
        });
        observer.observe(status, { childList: true, characterData: true, subtree: true });
        const save = document.querySelector<HTMLSelectElement>('#save')!;
        save.value = 'trace';
        save.dispatchEvent(new Event('change'));
        const until = performance.now() + 30_000;
        const isOver = (): boolean => texts.length > 1 && texts.at(-1) === '';
        while (!isOver() && performance.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        observer.disconnect();
        return { texts, files };
      });
      expect(said.texts[0]).toMatch(/^Writing the file, \d+ %/);
      expect(said.texts.at(-1)).toBe('');
      expect(said.files).toBe(0);
    });

    it('zooms by as much as a wheel was turned, and moves when it is turned sideways', async () => {
      await opened(QUICK);
      const turn = async (given: { deltaX: number; deltaY: number }): Promise<number[]> =>
        tab
          .evaluate((delta) => {
            const scroller = document.querySelector('run-timeline .scroller')!;
            const { left, top, width, height } = scroller.getBoundingClientRect();
            scroller.dispatchEvent(
              new WheelEvent('wheel', {
                ...delta,
                ctrlKey: true,
                clientX: left + width / 2,
                clientY: top + height / 2,
                bubbles: true,
                cancelable: true,
              }),
            );
          }, given)
          .then(range);
      const whole = length(await turn({ deltaX: 0, deltaY: 0 }));
      const little = length(await turn({ deltaX: 0, deltaY: -30 })) / whole;
      await tab.keyboard.press('e');
      const more = length(await turn({ deltaX: 0, deltaY: -120 })) / whole;
      expect(little).toBeLessThan(1);
      // The rule is exponential: four times the turn, the fourth power of the factor.
      expect(more).toBeCloseTo(little ** 4, 2);
      const before = await turn({ deltaX: 0, deltaY: -120 });
      const moved = await turn({ deltaX: 60, deltaY: 0 });
      expect(length(moved) / length(before)).toBeCloseTo(1, 3);
      expect(moved[0]).toBeGreaterThan(before[0]!);
    });

    it('zooms the tracks by two fingers', async () => {
      await opened(QUICK);
      const before = await range();
      const text = await textOf(tab, '#range-text');
      const place = await tab.evaluate(() => {
        const scroller = document.querySelector('run-timeline .scroller')!;
        scroller.scrollIntoView({ block: 'center' });
        const { left, top, width, height } = scroller.getBoundingClientRect();
        return { x: left + width / 2, y: top + height / 2 };
      });
      await tab.pinch({ ...place, from: 60, to: 240 });
      await tab.waitForFunction(
        (shown) => document.querySelector('#range-text')?.textContent !== shown,
        text,
      );
      expect(length(await range())).toBeLessThan(length(before));
    });
  });
});
