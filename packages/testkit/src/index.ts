export { describeLedger, offered } from './ledger-contract.ts';
