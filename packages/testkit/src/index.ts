export { contractStars, describeReferenceCatalog, type OpenedCatalog } from './catalog-contract.ts';
export { describeLedger, offered } from './ledger-contract.ts';
