export { contractStars, describeReferenceCatalog, type OpenedCatalog } from './catalog-contract.ts';
export { type Fault, faultyFiles, Killed } from './faulty-files.ts';
export { describeLedger, offered } from './ledger-contract.ts';
