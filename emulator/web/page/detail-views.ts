// SPDX-License-Identifier: MIT
/** What the panels below the tracks say: a request's life, totals of a time, what was found. */
import {
  counted,
  exactTime,
  formatBytes,
  formatTime,
  groupDigits,
} from '../../../loader/base/index.ts';
import type { Hit, MomentAsked, StoryShown, TotalsShown } from '../messages.ts';
import { make } from './element.ts';

/** What panels can ask the page to do. */
export interface DetailActions {
  visit(moment: MomentAsked): void;
  selectRequest(request: number): void;
  selectModule(module: string): void;
}

export function storyView(story: StoryShown, actions: DetailActions): Node[] {
  const { title, module, winner, wasted, lines, more } = story;
  const facts = make('p', {});
  const link = (text: string, act: () => void): HTMLElement => {
    const button = make('button', { type: 'button', class: 'link' }, text);
    button.addEventListener('click', act);
    return button;
  };
  if (wasted > 0) facts.append(`${formatBytes(wasted)} thrown away. `);
  if (winner > 0) {
    facts.append(
      'Waited for ',
      link(`request ${groupDigits(winner)}`, () => actions.selectRequest(winner)),
      '. ',
    );
  }
  facts.append(link(`All of ${module}`, () => actions.selectModule(module)));
  const items = lines.map(({ t, seq, text }) =>
    make(
      'li',
      {},
      link(exactTime(t), () => actions.visit({ seq })),
      ` ${text}`,
    ),
  );
  const list = make('ol', { class: 'story' }, ...items);
  const rest = more ? [make('p', { class: 'hint' }, 'There is more; see Events.')] : [];
  return [make('h3', {}, title), facts, list, ...rest];
}

export function totalsView({ from, to, totals }: TotalsShown): Node[] {
  const { bytes, requests, stages, modules, cpus } = totals;
  const title =
    `${formatBytes(bytes)} (${groupDigits(bytes)} bytes) wasted by ` +
    `${counted(requests, 'request')} in ${formatTime(to - from)} from ${exactTime(Math.round(from))}`;
  const rows = (list: readonly { name: string; bytes: number }[]): HTMLElement =>
    make(
      'table',
      {},
      ...list
        .slice(0, 12)
        .map(({ name, bytes: own }) =>
          make(
            'tr',
            {},
            make('th', { scope: 'row' }, name),
            make('td', { class: 'number' }, formatBytes(own)),
            make(
              'td',
              { class: 'number' },
              bytes > 0 ? `${((100 * own) / bytes).toFixed(1)} %` : '',
            ),
          ),
        ),
    );
  const part = (name: string, list: readonly { name: string; bytes: number }[]): HTMLElement =>
    make(
      'section',
      {},
      make('h4', {}, list.length > 12 ? `${name}, the first 12 of ${list.length}` : name),
      rows(list),
    );
  const byStage = Object.entries(stages).map(([name, own]) => ({ name, bytes: own }));
  return [
    make('h3', { id: 'totals-title' }, title),
    make(
      'div',
      { class: 'parts' },
      part('by module', modules),
      part('by CPU', cpus),
      part('by stage', byStage),
    ),
  ];
}

export function hitView(hit: Hit, follow: (hit: Hit) => void): HTMLElement {
  const button = make('button', { type: 'button', class: 'link' }, hit.label);
  button.addEventListener('click', () => follow(hit));
  const when = hit.t === null ? '' : ` at ${exactTime(hit.t)}`;
  return make('li', {}, make('span', { class: 'kind' }, hit.kind), ' ', button, when);
}
