export { isFrameName } from './arrival-names.ts';
export { type Arrival, type Arrivals, type ArrivalsOptions, listFrames, watchArrivals } from './arrivals.ts';
export { type Completeness, completenessOf } from './completeness.ts';
export { folderSink, removeParts } from './products.ts';
export { folderQuarantine, type Quarantine, type QuarantineNote, type QuarantineRequest } from './quarantine.ts';
export { type HandOver, stemOf, type TransferFolder, type TransferManifest, transferFolder } from './transfer.ts';
