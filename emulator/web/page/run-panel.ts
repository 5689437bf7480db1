/** The form that chooses a run. */
import { ADDRESS_SPACES, KERNEL_PRESETS } from '../../../loader/presets/index.ts';
import { BUNDLED_SCENARIOS } from '../../../loader/scenario/index.ts';
import { COMPRESSIONS, type RunSettings, switchedKernel } from '../run-settings.ts';
import { byId, fillSelect, say } from './element.ts';
import type { Shared } from './share.ts';

export interface RunChoice {
  /** Null for the scenario among the dropped files. */
  readonly scenario: string | null;
  readonly settings: RunSettings;
  readonly versus: string | undefined;
}

/** The option that stands for dropped files. */
const DROPPED = ' dropped';
const AS_GIVEN = 'as given';

export class RunPanel {
  readonly #scenario = byId('scenario', HTMLSelectElement);
  readonly #text = byId('scenario-text', HTMLElement);
  readonly #kernel = byId('kernel', HTMLSelectElement);
  readonly #versus = byId('versus', HTMLSelectElement);
  readonly #cpus = byId('cpus', HTMLInputElement);
  readonly #compression = byId('compression', HTMLSelectElement);
  readonly #space = byId('space', HTMLSelectElement);
  readonly #mib = byId('mib', HTMLInputElement);
  readonly #start = byId('start', HTMLButtonElement);
  readonly #stop = byId('stop', HTMLButtonElement);
  readonly #form = byId('run-form', HTMLFormElement);
  readonly #seed = byId('seed', HTMLInputElement);

  constructor(onRun: () => void, onStop: () => void) {
    const names = Object.keys(BUNDLED_SCENARIOS);
    fillSelect(
      this.#scenario,
      names.map((name) => [name, name]),
    );
    const kernels = Object.keys(KERNEL_PRESETS).map((name) => [name, name] as const);
    fillSelect(this.#kernel, [['', AS_GIVEN], ...kernels]);
    fillSelect(this.#versus, [['', 'nothing'], ...kernels]);
    fillSelect(this.#compression, [['', AS_GIVEN], ...COMPRESSIONS.map((c) => [c, c] as const)]);
    const spaces = [...ADDRESS_SPACES.keys()].map((name) => [name, name] as const);
    fillSelect(this.#space, [['', AS_GIVEN], ...spaces]);
    this.#scenario.addEventListener('change', () => this.#describe());
    this.#form.addEventListener('change', () => this.#label());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      onRun();
    });
    this.#stop.addEventListener('click', onStop);
    this.#describe();
    if (typeof WebAssembly !== 'object') this.#withoutGuest();
  }

  get choice(): RunChoice {
    const scenario = this.#scenario.value;
    const cpus = numberOf(this.#cpus);
    const seed = numberOf(this.#seed);
    const vmalloc = numberOf(this.#mib) ?? (this.#space.value || undefined);
    const kernel = this.#kernel.value;
    const compression = COMPRESSIONS.find((name) => name === this.#compression.value);
    return {
      scenario: scenario === DROPPED ? null : scenario,
      settings: {
        guest: this.#way('guest').checked,
        ...(kernel === '' ? {} : { kernel }),
        ...(cpus === undefined ? {} : { cpus }),
        ...(vmalloc === undefined ? {} : { vmalloc }),
        ...(compression === undefined ? {} : { compression }),
        ...(seed === undefined ? {} : { seed }),
      },
      versus: this.#versus.value || undefined,
    };
  }

  /** Shows what a link asked for. False, and nothing changed, when it names what is not here. */
  set({ scenario, packed, settings, versus }: Shared): boolean {
    const { kernel, cpus, vmalloc, compression, guest, seed } = settings;
    const space = typeof vmalloc === 'string' ? vmalloc : '';
    const isKnown =
      (packed !== undefined || Object.hasOwn(BUNDLED_SCENARIOS, scenario)) &&
      isKernel(kernel) &&
      isKernel(versus) &&
      offers(this.#space, space);
    if (!isKnown) return false;
    if (packed === undefined) this.#scenario.value = scenario;
    chooseKernel(this.#kernel, kernel ?? '');
    chooseKernel(this.#versus, versus ?? '');
    this.#cpus.value = cpus === undefined ? '' : String(cpus);
    this.#compression.value = compression ?? '';
    this.#space.value = space;
    this.#mib.value = typeof vmalloc === 'number' ? String(vmalloc) : '';
    this.#seed.value = seed === undefined ? '' : String(seed);
    this.#way(guest ? 'guest' : 'replay').checked = true;
    if (packed === undefined) this.#describe();
    else this.offerDropped('The scenario that came with the link.');
    return true;
  }

  /** Takes back the offer of dropped files that could not be opened. */
  withdrawDropped(): void {
    const option = this.#scenario.querySelector(`option[value="${DROPPED}"]`);
    option?.remove();
    this.#describe();
  }

  /** Offers the dropped files as a scenario, and chooses them. */
  offerDropped(text: string): void {
    if (this.#scenario.lastElementChild?.getAttribute('value') !== DROPPED) {
      this.#scenario.append(new Option('the dropped files', DROPPED));
    }
    this.#scenario.value = DROPPED;
    say(this.#text, text);
    this.#label();
  }

  setRunning(running: boolean): void {
    this.#start.disabled = running;
    this.#stop.disabled = !running;
  }

  #way(value: 'guest' | 'replay'): HTMLInputElement {
    return this.#form.querySelector<HTMLInputElement>(`input[name="way"][value="${value}"]`)!;
  }

  #describe(): void {
    const scenario = BUNDLED_SCENARIOS[this.#scenario.value];
    if (scenario !== undefined) say(this.#text, scenario.description ?? '');
    this.#label();
  }

  #label(): void {
    say(this.#start, this.#way('guest').checked ? 'Boot' : 'Replay');
  }

  #withoutGuest(): void {
    byId('no-wasm', HTMLElement).hidden = false;
    this.#way('guest').disabled = true;
    this.#way('replay').checked = true;
    say(byId('first-boot', HTMLButtonElement), 'Replay the storm');
    this.#label();
  }
}

function numberOf(input: HTMLInputElement): number | undefined {
  return input.value === '' || !input.validity.valid ? undefined : input.valueAsNumber;
}

/** A release, or one with features switched. */
function isKernel(name: string | undefined): boolean {
  return name === undefined || switchedKernel(name) !== undefined;
}

function chooseKernel(select: HTMLSelectElement, name: string): void {
  if (!offers(select, name)) select.append(new Option(name, name));
  select.value = name;
}

function offers(select: HTMLSelectElement, value: string): boolean {
  return [...select.options].some((option) => option.value === value);
}
