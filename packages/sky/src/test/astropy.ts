import { spawnSync } from 'node:child_process';

/** A Python that has astropy, or null: comparisons with it are skipped then. */
export const pythonWithAstropy: string | null =
  ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', 'import astropy']).status === 0) ?? null;

export interface AstropyAnswer {
  /** all_pix2world with origin 0: SIP, wcslib [deg]; null for NaN. */
  readonly world: [number | null, number | null][];
  /** What software that trusts AP and BP finds for those positions (0-based pixels); null where there is no SIP. */
  readonly foc2pix: [number, number][] | null;
  /** Why it refuses the header. */
  readonly error?: string;
}

/** Asks astropy for the positions of 0-based pixels under headers of (keyword, value) cards. */
export function askAstropy(
  questions: readonly {
    readonly cards: readonly (readonly [string, string | number])[];
    readonly pixels: readonly (readonly number[])[];
  }[],
): AstropyAnswer[] {
  const script = `
import json, sys, warnings
warnings.simplefilter('ignore')
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
answers = []
for q in json.load(sys.stdin):
    h = fits.Header()
    h['NAXIS'] = 2; h['NAXIS1'] = 2048; h['NAXIS2'] = 2048
    for k, v in q['cards']: h[k] = v
    try:
        w = WCS(h)
    except Exception as e:
        answers.append({'world': [], 'foc2pix': None, 'error': str(e)})
        continue
    p = np.array(q['pixels'], float)
    world = w.all_pix2world(p, 0)
    back = None
    if w.sip is not None and w.sip.ap_order:
        focal = w.wcs_world2pix(world, 0)
        back = (w.sip_foc2pix(focal - (w.wcs.crpix - 1), 1) - 1).tolist()
    answers.append({'world': [[None if np.isnan(v) else v for v in r] for r in world.tolist()], 'foc2pix': back})
json.dump(answers, sys.stdout)
`;
  const run = spawnSync(pythonWithAstropy!, ['-c', script], {
    input: JSON.stringify(questions),
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as AstropyAnswer[];
}
