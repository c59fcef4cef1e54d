export { eventPage } from './event-page.ts';
export { type EventUnit, mergeEvent, unitsByFilter } from './merge-candidates.ts';
export { summaryPage } from './page.ts';
export { encodePng } from './png.ts';
export { summary } from './summary.ts';
export { plot as plotSvg } from './svg.ts';
