/** Header words of an image's sky, and what may be said beside a preview. */
export type Words = ReadonlyMap<string, string | number | boolean | null>;
export type WcsWord = readonly [keyword: string, value: string | number | boolean];

/** Words that blocks do not change. */
const unchanged = /^((CRVAL|CTYPE|CUNIT|CROTA)[12]|PC[12]_[12]|(PV|PS)[12]_\d+|LONPOLE|LATPOLE|RADESYS|EQUINOX|[AB]P?_ORDER)$/;
const distortion = /^(A|B|AP|BP)_(\d)_(\d)$/;

/**
 * The WCS cards of an image whose blocks of `factor` × `factor` pixels became one. FITS counts the centre of the first pixel as 1, so
 * its lower left corner is at 0.5 in both images: `p' = (p − 0.5) / factor + 0.5`. A step is `factor` times as long; a SIP term
 * of order n = p + q, which maps pixels to pixels, grows by `factor^(n − 1)`.
 *
 * Source: Greisen & Calabretta, A&A 395, 1061 (2002), section 2.1; Shupe et al., ASP Conf. 347, 491 (2005).
 */
export function binnedWcs(words: Words, factor: number): WcsWord[] {
  const found: WcsWord[] = [];
  if (!words.has('CTYPE1') || !words.has('CTYPE2')) return found;
  for (const [keyword, value] of words) {
    if (value === null) continue;
    const sip = distortion.exec(keyword);
    if (sip && typeof value === 'number') found.push([keyword, value * factor ** (Number(sip[2]) + Number(sip[3]) - 1)]);
    else if (/^CD[12]_[12]$/.test(keyword) && typeof value === 'number') found.push([keyword, value * factor]);
    else if (unchanged.test(keyword)) found.push([keyword, value]);
  }
  const hasCd = found.some(([keyword]) => keyword.startsWith('CD'));
  for (const axis of [1, 2]) {
    const crpix = words.get(`CRPIX${axis}`) ?? 0; // the standard's defaults
    const cdelt = words.get(`CDELT${axis}`) ?? 1;
    if (typeof crpix === 'number') found.push([`CRPIX${axis}`, (crpix - 0.5) / factor + 0.5]);
    if (typeof cdelt === 'number' && !hasCd) found.push([`CDELT${axis}`, cdelt * factor]);
  }
  return found;
}
