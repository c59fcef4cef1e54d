/** One header card of a WCS. */
export interface WcsCard {
  readonly keyword: string;
  readonly value: number | string;
  readonly comment: string;
}

/** Cards that name the celestial system. */
export function systemCards(system: string, equinox: number | null): WcsCard[] {
  if (system === 'ICRS') return [{ keyword: 'RADESYS', value: 'ICRS', comment: 'Coordinate frame' }];
  if (system === 'FK5' || system === 'FK4') {
    return [
      { keyword: 'RADESYS', value: system, comment: 'Coordinate frame' },
      { keyword: 'EQUINOX', value: equinox ?? (system === 'FK5' ? 2000 : 1950), comment: '[yr] Equinox of the frame' },
    ];
  }
  if (system === 'ECLIPTIC' && equinox !== null)
    return [{ keyword: 'EQUINOX', value: equinox, comment: '[yr] Equinox of the ecliptic' }];
  return [];
}

/** A_ORDER, A_p_q … of one SIP polynomial. */
export function sipCards(name: 'A' | 'B' | 'AP' | 'BP', order: number, coefficient: (p: number, q: number) => number): WcsCard[] {
  const cards: WcsCard[] = [{ keyword: `${name}_ORDER`, value: order, comment: 'SIP polynomial order' }];
  for (let p = 0; p <= order; p++) {
    for (let q = 0; p + q <= order; q++) {
      const value = coefficient(p, q);
      if (value !== 0) cards.push({ keyword: `${name}_${p}_${q}`, value, comment: 'SIP coefficient' });
    }
  }
  return cards;
}
