// SPDX-License-Identifier: MIT
/** The panels below the tracks: what is selected, totals of the time shown, find, events. */
import type { EventsShown, Hit, MomentAsked, StoryShown, TotalsShown } from '../messages.ts';
import { hitView, storyView, totalsView } from './detail-views.ts';
import { byId, make, say } from './element.ts';
import { EventTable } from './event-table.ts';
import { Tabs } from './tabs.ts';

export interface PanelActions {
  visit(moment: MomentAsked): void;
  selectRequest(request: number): void;
  selectModule(module: string): void;
  askEvents(from: number, count: number, filter: string): void;
  askTotals(): void;
  search(text: string): void;
  follow(hit: Hit): void;
}

const WAIT_MS = 120;

export class DetailPanels {
  readonly #actions: PanelActions;
  readonly #list = document.querySelector<HTMLElement>('#details [role="tablist"]')!;
  readonly #tabs = new Tabs(this.#list);
  readonly #story = byId('panel-selected', HTMLElement);
  readonly #nothing = [...this.#story.childNodes];
  readonly #totals = byId('panel-totals', HTMLElement);
  readonly #find = byId('find', HTMLInputElement);
  readonly #findNote = byId('find-note', HTMLElement);
  readonly #hits = byId('hits', HTMLElement);
  readonly #events: EventTable;
  #eventsDue = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #findTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: PanelActions) {
    this.#actions = actions;
    this.#events = new EventTable(byId('panel-events', HTMLElement), actions);
    this.#list.addEventListener('tab', () => this.#refresh());
    this.#find.addEventListener('input', () => {
      clearTimeout(this.#findTimer);
      this.#findTimer = setTimeout(() => actions.search(this.#find.value), WAIT_MS);
    });
    this.#find.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      this.#hits.querySelector('button')?.click();
    });
  }

  /** A run can be asked now. */
  ready(): void {
    this.#eventsDue = true;
    this.#refresh();
  }

  /** Totals are of the time shown, once it stands still. */
  rangeChanged(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), WAIT_MS);
  }

  showStory(story: StoryShown): void {
    this.#story.replaceChildren(...storyView(story, this.#actions));
    this.#tabs.show('tab-selected');
  }

  clearStory(): void {
    this.#story.replaceChildren(...this.#nothing);
  }

  showTotals(totals: TotalsShown): void {
    this.#totals.replaceChildren(...totalsView(totals));
  }

  find(): void {
    this.#tabs.show('tab-find');
    this.#find.focus();
    this.#find.select();
  }

  showHits(hits: readonly Hit[], more: boolean): void {
    const count = hits.length === 1 ? '1 found' : `${hits.length} found`;
    say(this.#findNote, hits.length === 0 ? 'Nothing found.' : more ? `${count}, and more` : count);
    this.#hits.replaceChildren(...hits.map((hit) => hitView(hit, this.#actions.follow)));
  }

  showEvents(events: EventsShown): void {
    this.#events.show(events);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.clearStory();
    this.#totals.replaceChildren(make('p', { class: 'hint' }, '…'));
    this.#hits.replaceChildren();
    say(this.#findNote, '');
  }

  #refresh(): void {
    if (this.#tabs.shown === 'tab-totals') this.#actions.askTotals();
    if (this.#tabs.shown === 'tab-events' && this.#eventsDue) {
      this.#eventsDue = false;
      this.#events.from(0);
    }
  }
}
