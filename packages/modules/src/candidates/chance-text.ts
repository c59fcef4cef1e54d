/** A probability in words for people: `0.12`, `3·10⁻⁷`, `below 10⁻¹⁵`, beyond which nobody's errors are known well enough. */
export function chanceText(p: number): string {
  if (p < 1e-15) return 'below 10⁻¹⁵';
  if (p >= 0.001) return p.toFixed(p < 0.1 ? 3 : 2);
  const power = Math.floor(Math.log10(p));
  const digits = [...String(power)].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]!)).join('');
  return `${Math.min(9, Math.round(p / 10 ** power))}·10${digits}`;
}
