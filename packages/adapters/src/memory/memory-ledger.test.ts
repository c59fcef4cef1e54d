import { describeLedger } from '@colibri/testkit';
import { openMemoryLedger } from './memory-ledger.ts';

describeLedger('memory', async () => openMemoryLedger());
