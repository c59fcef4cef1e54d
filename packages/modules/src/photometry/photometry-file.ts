import type { ProductCodec, UnitPhotometry } from '@colibri/pipeline';
import { decodeForced, encodeForced } from './forced-file.ts';
import { decodePsf, encodePsf } from './psf-file.ts';
import { decodeStackCatalog, encodeStackCatalog } from './stack-catalog-file.ts';

const SCHEMA = 'colibri.photometry/1';

/** What is neither table nor image. NaN of the limit map is null here. */
type PhotometryText = Pick<UnitPhotometry, 'calibration' | 'completeness'> & {
  readonly limitMap: { readonly columns: number; readonly rows: number; readonly mag5Sigma: readonly (number | null)[] };
};

/** `stack.cat.fits`, `forced.fits`, `psf.fits` and `photometry.json` in the folder of the unit: together all of a `UnitPhotometry`, to the last bit but for places, which are 1-based in the file. */
export const photometryCodec: ProductCodec<UnitPhotometry> = {
  async encode({ sources, calibration, psf, forced, limitMap, completeness }, { lines }) {
    const value: PhotometryText = {
      calibration,
      completeness,
      limitMap: { ...limitMap, mag5Sigma: Array.from(limitMap.mag5Sigma, (mag) => (Number.isNaN(mag) ? null : mag)) },
    };
    return new Map([
      ['stack.cat.fits', encodeStackCatalog(sources, lines)],
      ['forced.fits', encodeForced(forced, lines)],
      ['psf.fits', encodePsf(psf, lines)],
      ['photometry.json', new TextEncoder().encode(`${JSON.stringify({ schema: SCHEMA, ...value }, null, 1)}\n`)],
    ]);
  },
  async decode(read) {
    const [catalog, forced, psf, text] = [
      await read('stack.cat.fits'),
      await read('forced.fits'),
      await read('psf.fits'),
      await read('photometry.json'),
    ];
    if (!catalog || !forced || !psf || !text) return null;
    const { calibration, completeness, limitMap } = parsePhotometry(new TextDecoder().decode(text));
    return {
      sources: await decodeStackCatalog(catalog),
      calibration,
      psf: await decodePsf(psf),
      forced: await decodeForced(forced),
      limitMap: { ...limitMap, mag5Sigma: Float32Array.from(limitMap.mag5Sigma, (mag) => mag ?? Number.NaN) },
      completeness,
    };
  },
};

/** Throws SyntaxError or RangeError where the text is none of ours. */
function parsePhotometry(text: string): PhotometryText {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || (value as { schema?: unknown }).schema !== SCHEMA) {
    throw new RangeError(`Photometry of the schema ${SCHEMA} is expected.`);
  }
  return value as unknown as PhotometryText;
}
