import type { ReferenceStars } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { filterName, referenceBand } from './reference-band.ts';

function catalog(name: string, magnitudes: Record<string, number>): ReferenceStars {
  return {
    name,
    count: 1,
    raDeg: Float64Array.of(10),
    decDeg: Float64Array.of(10),
    epochJyear: 2016,
    pmRaMasYr: Float32Array.of(0),
    pmDecMasYr: Float32Array.of(0),
    isStar: Uint8Array.of(1),
    bands: new Map(
      Object.entries(magnitudes).map(([band, mag]) => [band, { mag: Float32Array.of(mag), err: Float32Array.of(0.01) }]),
    ),
  };
}
const colours = { g: 18, r: 17.4, i: 17.2, z: 17.1, y: 17 };

describe('referenceBand', () => {
  it.each([
    ['g', 18 + 0.05 * 0.6],
    ['r', 17.4],
    ['i', 17.2 + 0.04 * 0.6],
    ['gri', 17.4 + 0.07 * 0.6],
    ['z', 17.1 - 0.01 * 0.2],
    ['zy', 17.1 - 0.09 * 0.2],
    // B_D = B − 0.24 (B − V), from B and V of g = 18, g − r = 0.6
    ['B', 18.5306 - 0.24 * (18.5306 - 17.6782)],
  ])("takes PS1 to DDRAGO's %s by the observatory's terms", (filter, mag) => {
    const band = referenceBand(catalog('PS1 DR1', colours), filter)!;
    expect(band.mag[0]).toBeCloseTo(mag, 4);
    expect(band.isCalibrating).toBe(true);
  });

  it('uses a catalogue of another system as it stands', () => {
    const band = referenceBand(catalog('refcat', colours), 'g')!;
    expect(band.mag[0]).toBeCloseTo(18, 5);
    expect(band).toMatchObject({ label: 'g of refcat', note: null });
  });

  it('says that the clear filter is calibrated against r', () => {
    const band = referenceBand(catalog('PS1', colours), 'w')!;
    expect(band.mag[0]).toBeCloseTo(17.4, 5);
    expect(band.note).toMatch(/Filter w has no band of its own in PS1: the zero point is that of r/);
  });

  it('never calls Gaia’s G an r: good for ranking only', () => {
    const band = referenceBand(catalog('Gaia DR3', { G: 17, BP: 17.5, RP: 16.5 }), 'r')!;
    expect(band.isCalibrating).toBe(false);
    expect(band.note).toBe('Gaia DR3 has no band for filter r: no zero point is given.');
  });

  it('gives nothing when the catalogue has no magnitudes', () => {
    expect(referenceBand(catalog('positions', {}), 'r')).toBeNull();
  });
});

describe('filterName', () => {
  it.each([
    ['r', 'r'],
    [' SDSS r ', 'r'],
    ["r'", 'r'],
    ['z DECam SDSS c0004 9260.0 1520.0', 'z'],
    ['Red', 'R'],
    ['', 'clear'],
    ['gri', 'gri'],
  ])('reads %j as %s', (written, name) => {
    expect(filterName(written)).toBe(name);
  });
});
