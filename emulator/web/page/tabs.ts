// SPDX-License-Identifier: MIT
/** Tabs and their panels: one is shown. Another part of the page adds a tab by its two elements. */
export class Tabs {
  readonly #list: HTMLElement;

  constructor(list: HTMLElement) {
    this.#list = list;
    list.addEventListener('click', (event) => {
      const tab = (event.target as HTMLElement).closest<HTMLElement>('[role="tab"]');
      if (tab) this.show(tab.id);
    });
    list.addEventListener('keydown', (event) => {
      const all = this.#tabs;
      const at = all.indexOf(document.activeElement as HTMLElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const next = all[(to + all.length) % all.length]!;
      this.show(next.id);
      next.focus();
    });
    const first = this.#tabs[0];
    if (first) this.show(first.id);
  }

  get shown(): string {
    return this.#tabs.find((tab) => tab.getAttribute('aria-selected') === 'true')?.id ?? '';
  }

  show(id: string): void {
    for (const tab of this.#tabs) {
      const chosen = tab.id === id;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '');
      if (panel) panel.hidden = !chosen;
    }
    this.#list.dispatchEvent(new CustomEvent<string>('tab', { detail: id }));
  }

  get #tabs(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>('[role="tab"]')];
  }
}
