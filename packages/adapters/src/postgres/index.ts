export { type BoardStore, boardStore, type SeriesPoint } from './board-store.ts';
export type { Database, Engine } from './database.ts';
export * as databaseErrors from './errors.ts';
export { type LedgerOptions, openLedger } from './ledger.ts';
export { type DatabaseOptions, openDatabase } from './open-database.ts';
