export { mergeSummaries } from './merge-summaries.ts';
export { summaryPage } from './page.ts';
export { summary } from './summary.ts';
export { encodePng } from './png.ts';
