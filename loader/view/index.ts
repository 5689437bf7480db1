export { AddressMap, type AddressMapOptions, type Peak, type StateResult } from './address-map.ts';
export type { AddressState, Hole, WindowSummary } from './address-state.ts';
export type { AreaFacts, AreaHistory, Instant } from './area-history.ts';
export { areaStory, vmallocinfoLine, vmallocinfoText } from './area-line.ts';
export type { BusyBins } from './busy-bins.ts';
export {
  explainFailure,
  explainFirstFailure,
  type FailedRequest,
  type FailureFacts,
  failureFacts,
  type Holder,
} from './explain-failure.ts';
export { type FailedAllocation, FailureTracker, type RequestsNow } from './failure-tracker.ts';
export {
  apart,
  type Copies,
  copiesIn,
  type Headline,
  type HeadlineLink,
  type HeadlinePart,
  headline,
} from './headline.ts';
export type { HoleList } from './hole-list.ts';
export type { LiveArea, SpaceListener } from './live-space.ts';
export { LiveSpace, type MapWindow, mapWindows } from './live-space.ts';
export {
  MAP_CLASSES,
  MAP_LOOKS,
  type MapClass,
  type MapCode,
  type MapLook,
  type MapPattern,
  mapClassOf,
  mapCode,
} from './map-classes.ts';
export { cellOutline } from './map-grid.ts';
export {
  type AreaJson,
  type FailureJson,
  type StateJson,
  stateJson,
  type WindowJson,
} from './map-json.ts';
export {
  largestModules,
  moduleShade,
  SHADINGS,
  type ShadeContext,
  type ShadedCells,
  type ShadeLook,
  type Shading,
  shadeCells,
  shadeLooks,
} from './map-shades.ts';
export { type MapSvgOptions, mapSvg } from './map-svg.ts';
export { type MapTextOptions, mapText } from './map-text.ts';
export { type MapView, mapView } from './map-view.ts';
export { MOMENT_FORMS, type Moment, type MomentResult, parseMoment } from './moment.ts';
export { Narrator } from './narrator.ts';
export {
  areaCode,
  type CellMap,
  classBytes,
  mapCells,
  mapPages,
  type PageMap,
} from './page-map.ts';
export { areasOfVmallocinfo, type RecordedWindow, recordedSpace } from './recorded-space.ts';
export {
  SERIES_NAMES,
  type Series,
  type SeriesName,
  type SeriesSet,
  TimeSeries,
  type TimeSeriesOptions,
} from './time-series.ts';
export {
  baseName,
  moduleNameOf,
  type RangeTotals,
  TRACK_GROUPS,
  type TrackGroup,
  TrackLog,
} from './track-log.ts';
export {
  rowOffsets,
  SLICE_DOOMED,
  SLICE_STAGE,
  SLICE_STAGE_MASK,
  SLICE_WAITING,
  type SliceLevel,
  type Slices,
  type SlicesAsked,
  type TrackedRun,
  trackSlices,
} from './track-slices.ts';
