/** The chosen scenario as text that can be changed and run. */
import { byId } from './element.ts';

export class ScenarioEditor {
  readonly #box = byId('editor', HTMLDetailsElement);
  readonly #text = byId('scenario-json', HTMLTextAreaElement);

  /**
   * `current` gives the text of the scenario that is chosen now; `run` takes the one that was
   * written.
   */
  constructor(current: () => Promise<string>, run: (text: string) => void) {
    this.#box.addEventListener('toggle', () => {
      if (this.#box.open) void this.#fill(current);
    });
    byId('run-edited', HTMLButtonElement).addEventListener('click', () => run(this.#text.value));
  }

  async #fill(current: () => Promise<string>): Promise<void> {
    this.#text.value = await current();
  }
}
