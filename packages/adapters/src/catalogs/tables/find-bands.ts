/** Where the magnitudes of one band are. */
export interface BandPlan {
  /** `g`, `G`, `BP`, `J` … */
  readonly band: string;
  readonly mag: string;
  readonly err: string | null;
  /** True: `err` is flux over its error, so that the magnitude's error is 1.0857 / err. */
  readonly errIsSnr: boolean;
}

const TOKEN = '(bp|rp|ks|[ubvgrizyjhk])';
/** How catalogues spell the magnitude of a band; `phot_g_mean_mag` is Gaia's archive, `gMeanPSFMag` PS1's, `gPSF` SkyMapper's, `j_m` 2MASS's. */
const SPELLINGS = [
  `^phot_${TOKEN}_mean_mag$`,
  `^${TOKEN}mag$`,
  `^mag_?${TOKEN}$`,
  `^${TOKEN}_mag$`,
  `^${TOKEN}meanpsfmag$`,
  `^${TOKEN}_?psf(?:mag)?$`,
  `^psfmag_${TOKEN}$`,
  `^${TOKEN}_m$`,
  `^${TOKEN}$`,
].map((pattern) => new RegExp(pattern, 'i'));

/** Names of the error of magnitude column `m` of band `t`, most telling first. */
const errorNames = (m: string, t: string): string[] => [
  `e_${m}`,
  `${m}err`,
  `${m}_err`,
  `${m}_error`,
  `e_${t}`,
  `magerr_${t}`,
  `err_${t}`,
  `mag_err_${t}`,
  `${t}_err`,
  `${t}err`,
  `${t}magerr`,
  `${t}_magerr`,
  `${t}_msigcom`,
  `${t}_cmsig`,
  `psfmagerr_${t}`,
  `sigma_${t}`,
  `d${t}`,
];

/**
 * The magnitude columns of a table, in its order, each band once. A letter alone counts with an error column beside it
 * (`b` may be a latitude, `z` a redshift). A table with one column MAG gives the band `loneBand`.
 */
export function findBands(names: readonly string[], loneBand: string): BandPlan[] {
  const spelt = names.flatMap((mag) => {
    for (const spelling of SPELLINGS) {
      const token = spelling.exec(mag)?.[1];
      if (token === undefined) continue;
      const err = firstOf(names, errorNames(mag, token));
      const snr = firstOf(names, [`phot_${token}_mean_flux_over_error`]);
      if (mag.length === token.length && token.length === 1 && err === null) return [];
      return [{ mag, token, err: err ?? snr, errIsSnr: err === null && snr !== null }];
    }
    return [];
  });
  const context = contextOf(
    names,
    spelt.map(({ token }) => token),
  );
  const plans = new Map<string, BandPlan>();
  for (const { mag, token, err, errIsSnr } of spelt) {
    const band = bandOf(token, context);
    if (!plans.has(band)) plans.set(band, { band, mag, err, errIsSnr });
  }
  if (plans.size > 0) return [...plans.values()];
  const mag = firstOf(names, ['mag', 'magnitude', 'mag_auto']);
  if (mag === null) return [];
  return [{ band: loneBand, mag, err: firstOf(names, ['magerr', 'mag_err', 'e_mag', 'magerr_auto']), errIsSnr: false }];
}

/** The first wanted name that the table has, letter by letter or else but for case. */
export function firstOf(names: readonly string[], wanted: readonly string[]): string | null {
  for (const want of wanted) {
    const exact = names.find((name) => name === want);
    if (exact !== undefined) return exact;
  }
  for (const want of wanted) {
    const loose = names.find((name) => name.toLowerCase() === want.toLowerCase());
    if (loose !== undefined) return loose;
  }
  return null;
}

interface Context {
  /** All names in one case: its letters do not tell `g` from `G`. */
  readonly isOneCase: boolean;
  readonly isGaia: boolean;
  /** SkyMapper: u and v beside g, where v is not Johnson's V. */
  readonly isSkyMapper: boolean;
}

function contextOf(names: readonly string[], tokens: readonly string[]): Context {
  const lower = new Set(tokens.map((token) => token.toLowerCase()));
  const text = names.join('');
  return {
    isOneCase: text === text.toUpperCase() || text === text.toLowerCase(),
    isGaia: lower.has('bp') || lower.has('rp') || names.some((name) => /^phot_g_mean_mag$/i.test(name)),
    isSkyMapper: lower.has('u') && lower.has('v') && lower.has('g'),
  };
}

/** The band that a letter means: `G` is Gaia's beside BP or RP, or in a table that minds its case; `R`, `I` are Cousins' there. */
function bandOf(token: string, { isOneCase, isGaia, isSkyMapper }: Context): string {
  const lower = token.toLowerCase();
  switch (lower) {
    case 'bp':
    case 'rp':
    case 'j':
    case 'h':
    case 'k':
    case 'b':
      return token.toUpperCase();
    case 'ks':
      return 'K';
    case 'v':
      return isSkyMapper ? 'v' : 'V';
    case 'g':
      return isOneCase ? (isGaia ? 'G' : 'g') : token;
    case 'r':
    case 'i':
      return isOneCase ? lower : token;
    default:
      return lower;
  }
}
