// SPDX-License-Identifier: MIT
/** What the rows of the tracks are of, what their colours mean, and the legend of them. */
import { LOAD_STAGES } from '../../../loader/events/index.ts';
import { TRACK_GROUPS, type TrackGroup } from '../../../loader/view/index.ts';
import { byId, make } from './element.ts';
import { scheme } from './scheme.ts';
import { FATE_COLOURS, STAGE_COLOURS, TRACK_COLOURS, type TrackColour } from './slice-colours.ts';

/** Stages that slices are of, as the kernel's counters and the report name them. */
const SHOWN = ['gate', 'kread', 'decompress', 'becoming', 'load', 'init'] as const;

export class TrackControls {
  readonly #group = byId('track-group', HTMLSelectElement);
  readonly #colour = byId('track-colour', HTMLSelectElement);
  readonly #legend = byId('track-legend', HTMLElement);
  readonly #onChange: (group: TrackGroup, colour: TrackColour) => void;

  constructor(onChange: (group: TrackGroup, colour: TrackColour) => void) {
    this.#onChange = onChange;
    for (const select of [this.#group, this.#colour]) {
      select.addEventListener('change', () => this.#changed());
    }
    this.refresh();
  }

  get group(): TrackGroup {
    return TRACK_GROUPS.find((name) => name === this.#group.value) ?? 'cpu';
  }

  get colour(): TrackColour {
    return TRACK_COLOURS.find((name) => name === this.#colour.value) ?? 'stage';
  }

  setGroup(group: TrackGroup): void {
    this.#group.value = group;
    this.#changed();
  }

  /** The legend in the colours of now. */
  refresh(): void {
    const stages = SHOWN.map((stage) => {
      const colour = STAGE_COLOURS[scheme()][LOAD_STAGES.indexOf(stage)]!;
      return key(stage, colour);
    });
    const [useful, doomed] = FATE_COLOURS[scheme()];
    const fates = [key('useful', useful), key('thrown away', doomed)];
    const waiting = make('li', {}, make('i', { class: 'hatch' }), 'waiting');
    this.#legend.replaceChildren(...(this.colour === 'stage' ? stages : []), ...fates, waiting);
  }

  #changed(): void {
    this.refresh();
    this.#onChange(this.group, this.colour);
  }
}

function key(label: string, colour: string): HTMLElement {
  const square = make('i');
  square.style.backgroundColor = colour;
  return make('li', {}, square, label);
}
