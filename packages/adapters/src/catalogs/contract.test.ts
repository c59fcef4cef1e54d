import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeReferenceCatalog } from '@colibri/testkit';
import { combineCatalogs } from './combine-catalogs.ts';
import { memoryCatalog } from './memory-catalog.ts';
import { openTileStore } from './store/tile-store.ts';

describeReferenceCatalog('memory', async (stars) => ({ catalog: memoryCatalog(stars) }));

describeReferenceCatalog('local tiles', async (stars) => {
  const dir = await mkdtemp(join(tmpdir(), 'colibri-tiles-'));
  const store = await openTileStore(dir, { name: stars.name });
  await store.importStars({ source: 'contract', sha256: '0', batches: [{ ...stars, ids: [] }] });
  return { catalog: await openTileStore(dir), close: () => rm(dir, { recursive: true }) };
});

describeReferenceCatalog('an empty catalogue with memory behind it', async (stars) => {
  const none = { ...stars, count: 0, raDeg: new Float64Array(0), decDeg: new Float64Array(0) };
  return { catalog: combineCatalogs(memoryCatalog({ ...none, name: 'empty' }), [memoryCatalog(stars)]) };
});
