// SPDX-License-Identifier: MIT
/** Light or dark: what the system prefers until the reader says otherwise. */
export type Scheme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

export function scheme(): Scheme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return dark.matches ? 'dark' : 'light';
}

export function toggleScheme(): void {
  document.documentElement.dataset.theme = scheme() === 'dark' ? 'light' : 'dark';
  changed();
}

export function onScheme(listener: () => void): void {
  listeners.add(listener);
}

/** What a custom property of the page's style is now. */
export function styleColour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function changed(): void {
  for (const listener of listeners) listener();
}
dark.addEventListener('change', changed);
