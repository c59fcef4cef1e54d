import type { ReferenceCatalog } from '@colibri/pipeline';

/** Opens the catalogues of a folder. */
export async function openCatalogFolder(_folder: string): Promise<ReferenceCatalog | null> {
  return null;
}
