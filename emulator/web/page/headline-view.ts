// SPDX-License-Identifier: MIT
/** The answer of the runs shown, above everything else. */
import type { HeadlineLink } from '../../../loader/view/index.ts';
import type { RecordingShown } from '../messages.ts';
import { byId, make } from './element.ts';

export class HeadlineView {
  readonly #box = byId('headline', HTMLElement);
  readonly #also = make('span', { class: 'also' });

  /** Says what came of each run; `follow` goes to what a word speaks of. */
  show(
    recordings: readonly RecordingShown[],
    follow: (link: HeadlineLink, lead: number) => void,
  ): void {
    this.#also.textContent = '';
    const lines = recordings.map((recording, i) => {
      const { headline, kernel, title, cut, note } = recording;
      const line = make('p', { class: `verdict ${headline.tone}` });
      const where = kernel === '' ? title : `${title} under ${kernel}`;
      line.append(make('span', { class: 'where' }, `${where}: `));
      for (const { text, link } of headline.parts) {
        if (link === null) {
          line.append(text);
          continue;
        }
        const button = make('button', { type: 'button', class: 'link' }, text);
        button.dataset.to = link.to;
        button.addEventListener('click', () => follow(link, i));
        line.append(button);
      }
      if (recordings.length === 1) line.append(' ', this.#also);
      const asides = [cut, note].filter((text) => text !== '');
      return [line, ...asides.map((text) => make('p', { class: 'aside' }, text))];
    });
    this.#box.replaceChildren(...lines.flat());
    this.#box.hidden = false;
  }

  /** What the same run does under another kernel. */
  add(text: string): void {
    this.#also.textContent = text;
  }

  clear(): void {
    this.#box.hidden = true;
    this.#box.replaceChildren();
  }
}
