// SPDX-License-Identifier: MIT
/** Events one below the other, those with some words only; rows are made for what is seen. */
import { exactTime } from '../../../loader/base/index.ts';
import type { EventsShown } from '../messages.ts';
import { make, say } from './element.ts';

const PAGE = 200;
const WAIT_MS = 150;

export interface EventAsker {
  askEvents(from: number, count: number, filter: string): void;
  visit(moment: { readonly seq: number }): void;
}

export class EventTable {
  readonly #asker: EventAsker;
  readonly #filter = make('input', {
    type: 'search',
    placeholder: 'words an event must have: alloc_vmap_area failed=1',
    'aria-label': 'Words of events',
  });
  readonly #list = make('ol', { class: 'events mono', tabindex: '0', 'aria-label': 'Events' });
  readonly #note = make('p', { class: 'hint', role: 'status' });
  readonly #earlier = make('button', { type: 'button' }, 'from the beginning');
  #next: number | null = null;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(box: HTMLElement, asker: EventAsker) {
    this.#asker = asker;
    box.append(
      make('div', { class: 'toolbar' }, this.#filter, this.#earlier),
      this.#note,
      this.#list,
    );
    this.#filter.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.from(0), WAIT_MS);
    });
    this.#earlier.addEventListener('click', () => this.from(0));
    this.#list.addEventListener('scroll', () => this.#more());
  }

  /** Lists anew, from the event with this index on. */
  from(index: number): void {
    this.#list.replaceChildren();
    this.#next = index;
    this.#asking = false;
    this.#more(true);
  }

  show({ rows, next }: EventsShown): void {
    this.#asking = false;
    this.#next = next;
    this.#list.append(
      ...rows.map(({ seq, t, text }) => {
        const button = make('button', { type: 'button', class: 'link' }, exactTime(t));
        button.addEventListener('click', () => this.#asker.visit({ seq }));
        return make('li', {}, button, ` ${text}`);
      }),
    );
    const count = this.#list.childElementCount;
    const tail =
      next === null ? 'no more' : rows.length === 0 ? 'searching on…' : 'scroll for more';
    say(this.#note, `${count} shown, ${tail}`);
    if (next !== null && count < PAGE / 4) this.#more(true);
  }

  #more(must = false): void {
    const { scrollTop, clientHeight, scrollHeight } = this.#list;
    if (this.#asking || this.#next === null) return;
    if (!must && scrollTop + clientHeight < scrollHeight - 400) return;
    this.#asking = true;
    this.#asker.askEvents(this.#next, PAGE, this.#filter.value);
  }
}
