/** The page: runs and their pictures, and the moment, the time and the selection all of them show. */
import { exactTime, formatTime, groupDigits } from '../../../loader/base/index.ts';
import { BUNDLED_SCENARIOS } from '../../../loader/scenario/index.ts';
import type { HeadlineLink } from '../../../loader/view/index.ts';
import type {
  AreaShown,
  EventsShown,
  GivenFile,
  Hit,
  MomentAsked,
  Selection,
  SlicesShown,
  StoryShown,
  TotalsShown,
  ViewAsked,
} from '../messages.ts';
import { DetailPanels } from './detail-panels.ts';
import { areRecording } from './drop-files.ts';
import { byId, say } from './element.ts';
import { HeadlineView } from './headline-view.ts';
import { Notices } from './notices.ts';
import { Pace } from './pace.ts';
import { MOST_PACKED, packText, unpackText } from './pack-text.ts';
import { Player } from './player.ts';
import { reportView } from './report-view.ts';
import { type RunChoice, RunPanel } from './run-panel.ts';
import { saveFile } from './save.ts';
import { onScheme } from './scheme.ts';
import { readFragment, type Shared, writeFragment } from './share.ts';
import { firstFrom, moved, type TimeRange, within, zoomed } from './time-range.ts';
import { Toolbar } from './toolbar.ts';
import { Track, type TrackListener } from './track.ts';
import { TrackControls } from './track-controls.ts';
import { TrackView } from './track-view.ts';
import { WhatIf } from './what-if.ts';

interface Shown {
  readonly track: Track;
  readonly view: TrackView;
  /** When its texts are due. */
  readonly words: Pace;
  moment: MomentAsked;
}

/** What is run and shown together, and how it came to be asked for. */
interface RunGroup {
  readonly shown: Shown[];
  readonly choice: RunChoice;
  readonly files: readonly GivenFile[];
  /** A scenario that is not bundled, for the link; where it is small enough for one. */
  packed?: string | undefined;
  /** Whether it is only known at the end that the files can be opened. */
  isRecording?: boolean;
}

/** While a run plays its texts follow ten times a second. */
const WORDS_MS = 100;
/** The address bar follows when nothing moved for so long. */
const ADDRESS_MS = 400;
/** What a page opens on that is not told what to show: a boot that fails. */
const OPENING = 'run=box-32bit&by=replay';
/** Where a failing run is tried again, for the headline. */
const BETTER_KERNEL = 'v6.12';
/** How a scenario that came with a link, or was written here, is called. */
const SCENARIO_FILE = 'scenario.json';
const NARROW = '(max-width: 860px)';

export class App implements TrackListener {
  readonly #tracksBox = byId('tracks', HTMLElement);
  readonly #timelines = byId('timelines', HTMLElement);
  readonly #answers = byId('answers', HTMLElement);
  readonly #event = byId('event', HTMLElement);
  readonly #rangeText = byId('range-text', HTMLOutputElement);
  readonly #notices = new Notices();
  readonly #headline = new HeadlineView();
  readonly #panel = new RunPanel(
    () => this.run(this.#panel.choice),
    () => this.#stop(),
  );
  readonly #toolbar = new Toolbar(this);
  readonly #controls = new TrackControls((group, colour) => {
    for (const { view } of this.#shown) {
      view.timeline.group = group;
      view.timeline.colour = colour;
    }
  });
  readonly #details = new DetailPanels({
    visit: (moment) => this.visit(moment),
    selectRequest: (request) => this.select({ request }),
    selectModule: (module) => this.select({ module }),
    askEvents: (from, count, filter) => this.#leading?.track.askEvents(from, count, filter),
    askTotals: () => this.#leading?.track.askTotals(this.#range.from, this.#range.to),
    search: (text) => this.#leading?.track.find(text),
    follow: (hit) => this.#follow(hit),
  });
  readonly #whatIf = new WhatIf(byId('panel-whatif', HTMLElement));
  readonly #player = new Player((t) => this.goTo({ t }));
  #group: RunGroup | undefined;
  /** A run of dropped files that has not shown yet that it can be opened. */
  #candidate: RunGroup | undefined;
  /** The run whose moment the others follow. */
  #lead = 0;
  #wanted: Shared | undefined;
  #duration = 0;
  #range: TimeRange = { from: 0, to: 0 };
  #selection: Selection | null = null;
  #saving = false;
  /** Whether the map is to be scrolled to when it is there. */
  #bringMap = false;
  #addressTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #words = new Pace(WORDS_MS);

  constructor() {
    onScheme(() => {
      for (const { view } of this.#shown) view.refresh();
      this.#controls.refresh();
    });
    // The address may have been written anew before this event comes.
    addEventListener('hashchange', ({ newURL }) => this.openLink(new URL(newURL).hash));
  }

  get player(): Player {
    return this.#player;
  }

  get #shown(): readonly Shown[] {
    return this.#group?.shown ?? [];
  }

  get #leading(): Shown | undefined {
    return this.#shown[this.#lead];
  }

  /** Runs what the address of the page asks for; a boot that fails when it asks for nothing. */
  openLink(hash = location.hash): void {
    const asked = readFragment(hash);
    // A fragment that names a place on the page, such as the map, asks for no run.
    if (asked === null && hash !== '') return;
    const shared = asked === null ? readFragment(OPENING) : asked;
    if (shared?.packed === undefined) this.#openShared(shared ?? undefined, []);
    else void this.#openPacked(shared, shared.packed);
  }

  /** Runs what the form says. */
  runFirst(): void {
    this.run(this.#panel.choice);
  }

  run(choice: RunChoice): void {
    this.#start(choice, choice.scenario === null ? (this.#group?.files ?? []) : []);
    // On a phone the form lies under the map: what was started would be out of sight.
    this.#bringMap = matchMedia(NARROW).matches;
  }

  /** Takes files: a scenario or modules to run, or a recording to show. */
  async take(files: readonly GivenFile[]): Promise<void> {
    if (files.length === 0) return;
    const names = files.slice(0, 2).map(({ path }) => path);
    const more = files.length > 2 ? ` and ${groupDigits(files.length - 2)} more` : '';
    this.#drop(this.#candidate);
    this.#panel.offerDropped(`${names.join(', ')}${more}`);
    // A recording is what it is: beside another kernel it would only be shown twice.
    const isRecording = await areRecording(files);
    const versus = isRecording ? undefined : this.#panel.choice.versus;
    const choice = { ...this.#panel.choice, scenario: null, versus };
    if (this.#group === undefined) this.#start(choice, files);
    else {
      this.#candidate = this.#make(choice, files);
      this.#candidate.isRecording = isRecording;
      this.#notices.status(`Opening ${names.join(', ')}${more} …`);
    }
  }

  /** The scenario chosen, as a document; '' for files that hold none. */
  async scenarioText(): Promise<string> {
    const { scenario } = this.#panel.choice;
    if (scenario !== null) return JSON.stringify(BUNDLED_SCENARIOS[scenario], null, 2);
    const given = this.#group?.files.find(({ path }) => path.endsWith('.json'));
    return given === undefined ? '' : given.file.text();
  }

  /** Runs a scenario that was written on the page. */
  async takeScenario(text: string): Promise<void> {
    await this.take([scenarioFile(text)]);
  }

  /** Shows a moment; that of the run `lead` where it is an event. */
  goTo(moment: MomentAsked, lead = this.#lead): void {
    if (!this.#isReady) return;
    this.#lead = lead;
    if ('t' in moment) this.#setTime(moment.t);
    this.#shown.forEach((shown, i) => {
      if (i !== lead && !('t' in moment)) return;
      shown.moment = moment;
      shown.track.seek(moment, this.#viewOf(shown));
    });
  }

  /** As goTo, and no longer playing. */
  visit(moment: MomentAsked, lead = this.#lead): void {
    this.#player.pause();
    this.goTo(moment, lead);
    this.#followMoment();
  }

  step(by: number): void {
    const shown = this.#leading;
    if (!this.#isReady || shown === undefined) return;
    this.#player.pause();
    shown.moment = { seq: 0 };
    shown.track.step(by, this.#viewOf(shown));
  }

  /** The earliest first failure of the runs. */
  goToFailure(): void {
    let first = -1;
    this.#shown.forEach(({ track }, i) => {
      const failure = track.recording?.failure;
      const best = this.#shown[first]?.track.recording?.failure;
      if (failure && (!best || failure.t < best.t)) first = i;
    });
    if (first < 0) return;
    this.visit({ at: 'failure' }, first);
    this.#showMoment(this.#shown[first]!.track.recording!.failure!.t);
  }

  nextFailure(by: -1 | 1): void {
    const shown = this.#leading;
    const { failureT, failureSeq } = shown?.track.recording ?? {};
    if (failureT === undefined || failureSeq === undefined || failureT.length === 0) return;
    const seq = shown?.track.frame?.seq ?? 0;
    const at = firstFrom(failureSeq, by > 0 ? seq + 1 : seq);
    const index = by > 0 ? at : at - 1;
    const wanted = failureSeq[index];
    if (wanted === undefined) return;
    this.visit({ seq: wanted });
    this.#showMoment(failureT[index]!);
  }

  zoomTime(factor: number): void {
    this.#setRange(zoomed(this.#range, factor, this.#anchor, this.#duration));
  }

  moveTime(share: number): void {
    const { from, to } = this.#range;
    this.#setRange(moved(this.#range, share * (to - from), this.#duration));
  }

  allTime(): void {
    this.#setRange({ from: 0, to: this.#duration });
  }

  find(): void {
    this.#details.find();
  }

  selectNothing(): void {
    this.select(null);
  }

  /** Says what the loader's request of the moment shown went through. */
  selectShown(): void {
    const request = this.#leading?.track.frame?.request ?? 0;
    if (request > 0) this.select({ request });
  }

  /** Lights up a request or a module on map and tracks. */
  select(selection: Selection | null): void {
    this.#selection = selection;
    const shown = this.#leading;
    if (selection && 'request' in selection) shown?.track.askStory(selection.request);
    else if (selection) shown?.track.find(selection.module);
    for (const { view } of this.#shown) {
      view.timeline.select(selection && 'request' in selection ? [selection.request] : []);
    }
    if (selection === null) this.#details.clearStory();
    this.look();
  }

  /** Asks again for what is shown: colours, window or selection changed. */
  look(): void {
    if (!this.#isReady) return;
    for (const shown of this.#shown) {
      const { frame } = shown.track;
      const moment = 't' in shown.moment || !frame ? shown.moment : { seq: frame.seq };
      shown.track.seek(moment, this.#viewOf(shown));
    }
  }

  zoom(how: 'in' | 'out' | 'all'): void {
    for (const { view } of this.#shown) {
      if (how === 'in') view.map.zoomIn();
      else if (how === 'out') view.map.zoomOut();
      else view.map.zoomAll();
    }
  }

  async save(name: Parameters<Track['save']>[0] | 'png'): Promise<void> {
    for (const { track, view } of this.#shown) {
      if (name !== 'png') {
        track.save(name);
        continue;
      }
      const picture = await view.map.picture();
      if (picture) this.onExport('map.png', picture);
    }
  }

  async share(): Promise<void> {
    const { choice, packed } = this.#group ?? {};
    if (choice === undefined || (choice.scenario === null && packed === undefined)) {
      this.#notices.status(
        'A link holds a scenario, bundled or small: share modules and recordings as files.',
      );
      return;
    }
    this.#writeAddress();
    try {
      await navigator.clipboard.writeText(location.href);
      this.#notices.status('Link copied; it is in the address bar too.');
    } catch {
      this.#notices.status('The link is in the address bar.');
    }
  }

  onProgress(track: Track, phase: string, t: number, events: number): void {
    const candidate = this.#candidate;
    if (candidate?.shown.some((each) => each.track === track)) {
      this.#notices.counting(phase, t, events);
      this.#adopt(track, events > 0 && candidate.isRecording !== true);
    }
    const shown = this.#shown.find((each) => each.track === track);
    if (shown === undefined || track.recording !== undefined) return;
    this.#notices.progress(phase, t, events);
    if (this.#bringMap) this.#tracksBox.scrollIntoView();
    if (events > 0) track.seek({ at: 'last' }, this.#viewOf(shown));
  }

  onConsole(track: Track, text: string): void {
    if (this.#shown[0]?.track === track) this.#notices.console(text);
  }

  onRecording(track: Track): void {
    this.#adopt(track, true);
    const shown = this.#shown.find((each) => each.track === track);
    const { recording } = track;
    if (shown === undefined || recording === undefined) return;
    const kernel = recording.kernel === '' ? '' : `, kernel ${recording.kernel}`;
    shown.view.showHead(`${recording.title}${kernel}`, recording);
    if (this.#isReady) this.#ready();
  }

  onFrame(track: Track): void {
    const index = this.#shown.findIndex((each) => each.track === track);
    const shown = this.#shown[index];
    const { frame } = track;
    if (shown === undefined || frame === undefined) return;
    const texts = shown.words.due(this.#player.playing);
    shown.view.showFrame(frame, this.#toolbar.shading, track.recording?.cpus ?? 1, texts);
    if (!this.#player.playing && this.#isReady) shown.view.map.askAgain();
    if (index !== this.#lead || !this.#isReady) return;
    if (texts) say(this.#event, frame.event);
    if ('t' in shown.moment) return;
    this.#setTime(frame.t);
    for (const other of this.#shown) {
      if (other === shown) continue;
      other.moment = { t: frame.t };
      other.track.seek(other.moment, this.#viewOf(other));
    }
  }

  onArea(track: Track, area: AreaShown): void {
    this.#shown.find((each) => each.track === track)?.view.showArea(area);
  }

  onSlices(track: Track, slices: SlicesShown): void {
    this.#shown.find((each) => each.track === track)?.view.timeline.setSlices(slices);
  }

  onTotals(_: Track, totals: TotalsShown): void {
    this.#details.showTotals(totals);
  }

  onStory(track: Track, story: StoryShown): void {
    this.#details.showStory(story);
    const shown = this.#shown.find((each) => each.track === track);
    const lit = story.winner > 0 ? [story.request, story.winner] : [story.request];
    shown?.view.timeline.select(lit, story.rows[this.#controls.group]);
    const end = story.end ?? this.#duration;
    if (end < this.#range.from || story.begin > this.#range.to) this.#showMoment(story.begin);
  }

  onHits(_: Track, hits: readonly Hit[], more: boolean): void {
    this.#details.showHits(hits, more);
  }

  onEvents(_: Track, events: EventsShown): void {
    this.#details.showEvents(events);
  }

  onSaving(_: Track, share: number): void {
    this.#saving = share < 1;
    this.#panel.setRunning(this.#saving || !this.#isReady);
    this.#notices.status(
      this.#saving ? `Writing the file, ${Math.floor(share * 100)} % … Stop gives it up.` : '',
    );
  }

  onExport(name: string, file: Blob): void {
    saveFile(name, file);
  }

  onProblem(track: Track, message: string): void {
    if (this.#candidate?.shown.some((each) => each.track === track)) {
      // What is on the screen stays there.
      this.#drop(this.#candidate);
      this.#panel.withdrawDropped();
      this.#notices.problem(message);
      return;
    }
    if (!this.#shown.some((each) => each.track === track)) return;
    this.#notices.problem(message);
    if (this.#isReady) return;
    if (this.#group?.choice.scenario === null) this.#panel.withdrawDropped();
    this.#clear();
  }

  get #isReady(): boolean {
    return this.#shown.length > 0 && this.#shown.every(({ track }) => track.recording);
  }

  /** The middle of the time shown, or the moment shown where it is in it. */
  get #anchor(): number {
    const { from, to } = this.#range;
    const { t } = this.#player;
    return t >= from && t <= to ? t : (from + to) / 2;
  }

  #start(choice: RunChoice, files: readonly GivenFile[], wanted?: Shared): void {
    this.#clear();
    this.#wanted = wanted;
    this.#show(this.#make(choice, files));
    this.#notices.status('Starting…');
    if (choice.scenario !== null) this.#writeAddress();
  }

  /** A link that carries its scenario. */
  async #openPacked(shared: Shared, packed: string): Promise<void> {
    const text = await unpackText(packed);
    if (text === undefined) this.#openShared(undefined, []);
    else this.#openShared(shared, [scenarioFile(text)]);
  }

  #openShared(shared: Shared | undefined, files: readonly GivenFile[]): void {
    if (!shared || !this.#panel.set(shared)) {
      this.#notices.problem('This link asks for something this page does not know.');
      return;
    }
    this.#toolbar.setShading(shared.shading ?? 'class');
    this.#start(this.#panel.choice, files, shared);
  }

  /** So that a run of a scenario that was dropped or written here has a link, too. */
  async #pack(group: RunGroup): Promise<void> {
    const [only, ...others] = group.files;
    if (group.choice.scenario !== null || only === undefined || others.length > 0) return;
    if (!only.path.endsWith('.json') || (await areRecording(group.files))) return;
    const packed = await packText(await only.file.text());
    if (packed.length > MOST_PACKED) return;
    group.packed = packed;
    if (this.#group === group && this.#isReady) this.#writeAddress();
  }

  #make(choice: RunChoice, files: readonly GivenFile[]): RunGroup {
    const { scenario, settings, versus } = choice;
    const others = versus === undefined ? [] : [{ ...settings, kernel: versus }];
    const name = scenario ?? 'dropped files';
    const shown = [settings, ...others].map((each): Shown => {
      const track = new Track(this);
      const title = others.length > 0 ? `${name}, ${each.kernel ?? 'as given'}` : name;
      const view = this.#makeView(track, title);
      track.run(scenario, files, each);
      return { track, view, words: new Pace(WORDS_MS), moment: { at: 'last' } };
    });
    const group: RunGroup = { shown, choice, files };
    void this.#pack(group);
    return group;
  }

  #show(group: RunGroup): void {
    this.#group = group;
    this.#tracksBox.append(...group.shown.map(({ view }) => view.element));
    this.#timelines.append(...group.shown.map(({ view }) => view.timeline));
    document.documentElement.style.setProperty('--tracks', String(group.shown.length));
    this.#panel.setRunning(true);
  }

  /** Dropped files that can be opened take the place of what was shown. */
  #adopt(track: Track, opens: boolean): void {
    const candidate = this.#candidate;
    if (!opens || !candidate?.shown.some((each) => each.track === track)) return;
    this.#candidate = undefined;
    this.#clear();
    this.#show(candidate);
    history.replaceState(null, '', location.pathname + location.search);
  }

  #drop(group: RunGroup | undefined): void {
    for (const { track } of group?.shown ?? []) track.end();
    if (group === this.#candidate) this.#candidate = undefined;
  }

  #makeView(track: Track, title: string): TrackView {
    const view = new TrackView();
    view.showHead(title, undefined);
    const { map, charts, timeline } = view;
    const on = <T>(element: HTMLElement, name: string, act: (detail: T) => void): void =>
      element.addEventListener(name, (event) => act((event as CustomEvent<T>).detail));
    on<number>(map, 'ask', (address) => track.askArea(address));
    on(map, 'choose', () => {
      const request = view.area?.request ?? 0;
      this.#lead = Math.max(
        0,
        this.#shown.findIndex((each) => each.view === view),
      );
      this.select(request > 0 ? { request } : null);
    });
    on<number>(charts, 'seek', (t) => this.visit({ t }));
    on<number>(timeline, 'seek', (t) => this.visit({ t }));
    on<TimeRange>(timeline, 'range', (range) => this.#setRange(range));
    on<SlicesShown['asked']>(timeline, 'slices', (asked) => track.askSlices(asked));
    on<number>(timeline, 'pick', (request) => {
      this.#lead = Math.max(
        0,
        this.#shown.findIndex((each) => each.view === view),
      );
      this.select(request > 0 ? { request } : null);
    });
    return view;
  }

  #viewOf({ view }: Shown): ViewAsked {
    const { shading, window } = this.#toolbar;
    return { shading, window, columns: view.map.columns, select: this.#selection };
  }

  #ready(): void {
    const recordings = this.#shown.map(({ track }) => track.recording!);
    this.#duration = Math.max(...recordings.map(({ end }) => end));
    this.#player.setDuration(this.#duration);
    this.#panel.setRunning(false);
    this.#toolbar.offer(recordings);
    this.#shown.forEach(({ view }, i) => {
      const recording = recordings[i]!;
      const isStill = recording.series === null;
      view.charts.hidden = isStill;
      view.timeline.hidden = isStill;
      view.charts.show(recording, recordings);
      view.timeline.show(recording, this.#duration);
      view.timeline.group = this.#controls.group;
      view.timeline.colour = this.#controls.colour;
    });
    this.#answers.replaceChildren(
      ...recordings.map((recording, i) =>
        reportView(recording, (moment) => {
          this.visit(moment, i);
          this.#tracksBox.scrollIntoView({ block: 'nearest' });
        }),
      ),
    );
    this.#headline.show(recordings, (link, lead) => this.#followLink(link, lead));
    this.#notices.done(recordings);
    const { range } = this.#wanted ?? {};
    this.#setRange({ from: 0, to: this.#duration });
    this.#showFirst();
    // A link's own time wins over one that holds the first failure.
    if (range) this.#setRange(within(range.from, range.to - range.from, this.#duration));
    this.#details.ready();
    // The answer has come above it.
    if (this.#bringMap) this.#tracksBox.scrollIntoView();
    this.#bringMap = false;
    this.#tryElsewhere();
  }

  #showFirst(): void {
    const wanted = this.#wanted?.moment;
    this.#wanted = undefined;
    if (typeof wanted === 'number') this.goTo({ t: Math.min(wanted, this.#duration) });
    else if (wanted === 'failure') this.goToFailure();
    else if (wanted === undefined && this.#shown.some(({ track }) => track.recording?.failure)) {
      this.goToFailure();
    } else this.goTo({ at: 'peak' }, 0);
  }

  /** The same under a kernel that may do better, and what else the reader asks for. */
  #tryElsewhere(): void {
    const group = this.#group;
    const [recording] = this.#shown.map(({ track }) => track.recording!);
    if (group === undefined || recording === undefined) return;
    const canRun = group.choice.scenario !== null || recording.note !== '';
    this.#whatIf.offer(canRun ? group : undefined, recording);
    const isBetter = recording.kernel !== BETTER_KERNEL && recording.failure !== null;
    if (!canRun || !isBetter || this.#shown.length > 1 || recording.cut !== '') return;
    this.#whatIf.compute(BETTER_KERNEL, (answer) => {
      if (this.#group === group) this.#headline.add(`Under ${BETTER_KERNEL}: ${answer}`);
    });
  }

  #followLink(link: HeadlineLink, lead: number): void {
    this.#lead = lead;
    if (link.to === 'failure') this.goToFailure();
    else if (link.to === 'hole') this.visit({ seq: link.seq }, lead);
    else if (link.to === 'module') this.select({ module: link.module });
    else this.select({ request: link.request });
  }

  #follow(hit: Hit): void {
    if (hit.kind === 'address') {
      this.#leading?.track.askArea(hit.request);
      return;
    }
    if (hit.seq !== null) this.visit({ seq: hit.seq });
    else if (hit.t !== null) this.visit({ t: hit.t });
    if (hit.t !== null) this.#showMoment(hit.t);
    if (hit.request > 0) this.select({ request: hit.request });
    else if (hit.module !== '') this.select({ module: hit.module });
    else if (hit.kind === 'CPU') {
      const tracks = this.#leading?.track.recording?.tracks.cpu;
      this.#controls.setGroup('cpu');
      this.#leading?.view.timeline.select([], tracks?.first[tracks.labels.indexOf(hit.label)]);
    }
  }

  /** Moves the time shown so that a moment is in it. */
  #showMoment(t: number): void {
    const { from, to } = this.#range;
    if (t >= from && t <= to) return;
    this.#setRange(within(t - (to - from) / 2, to - from, this.#duration));
  }

  #setRange(range: TimeRange): void {
    this.#range = range;
    for (const { view } of this.#shown) {
      view.charts.setRange(range);
      view.timeline.setRange(range);
    }
    const { from, to } = range;
    say(
      this.#rangeText,
      `${exactTime(Math.round(from))} to ${exactTime(Math.round(to))}, ${formatTime(to - from)}`,
    );
    this.#details.rangeChanged();
    this.#followMoment();
  }

  #setTime(t: number): void {
    this.#player.moved(t);
    const texts = this.#words.due(this.#player.playing);
    if (texts) this.#toolbar.showTime(exactTime(Math.round(t)));
    for (const { view } of this.#shown) {
      view.charts.setTime(t, texts);
      view.timeline.setTime(t);
    }
  }

  /** The address bar follows when nothing moves any more. */
  #followMoment(): void {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = setTimeout(() => this.#writeAddress(), ADDRESS_MS);
  }

  #writeAddress(): void {
    clearTimeout(this.#addressTimer);
    const { choice, packed } = this.#group ?? {};
    if (choice === undefined || (choice.scenario === null && packed === undefined)) return;
    const { scenario, settings, versus } = choice;
    const lead = this.#leading;
    const at = lead && 'at' in lead.moment ? lead.moment.at : this.#player.t;
    const { from, to } = this.#range;
    const isWhole = from <= 0 && to >= this.#duration;
    const before = this.#isReady ? undefined : this.#wanted;
    const fragment = writeFragment({
      scenario: scenario ?? SCENARIO_FILE,
      packed,
      settings,
      versus,
      shading: this.#toolbar.shading,
      moment: before ? before.moment : !this.#isReady || at === 'last' ? undefined : at,
      range: before ? before.range : isWhole ? undefined : this.#range,
    });
    history.replaceState(null, '', `#${fragment}`);
  }

  /** Ends what is under way; what was recorded stays. */
  #stop(): void {
    if (this.#saving) {
      for (const { track } of this.#shown) track.stop();
      return;
    }
    this.#drop(this.#candidate);
    if (this.#isReady) return;
    if (this.#shown.some(({ track }) => track.frame === undefined && !track.recording)) {
      this.#clear();
      this.#notices.status('Stopped.');
      return;
    }
    this.#notices.status('Stopping…');
    for (const { track } of this.#shown) track.stop();
  }

  #clear(): void {
    clearTimeout(this.#addressTimer);
    for (const { track } of this.#shown) track.end();
    this.#player.pause();
    this.#whatIf.clear();
    this.#group = undefined;
    this.#lead = 0;
    this.#selection = null;
    this.#saving = false;
    this.#tracksBox.replaceChildren();
    this.#timelines.replaceChildren();
    this.#answers.replaceChildren();
    this.#headline.clear();
    this.#details.clear();
    say(this.#event, '');
    this.#panel.setRunning(false);
    this.#notices.clear();
    this.#toolbar.offer([]);
    this.#toolbar.showTime('');
  }
}

function scenarioFile(text: string): GivenFile {
  const file = new File([text], SCENARIO_FILE, { type: 'application/json' });
  return { path: SCENARIO_FILE, file };
}
