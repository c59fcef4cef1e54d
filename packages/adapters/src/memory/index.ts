export { type MemoryLedger, openMemoryLedger } from './memory-ledger.ts';
