/** How complete the reference catalogue is, by this field's own sources. */
export interface CatalogReach {
  /** Share of real sources of this magnitude that have an entry [1]; falls with magnitude. */
  knownShare(mag: number): number;
  /** Magnitude where half are known; null: never within the range of the stack. */
  readonly halfMag: number | null;
}

const BIN_MAG = 0.5;

/** Counts the stack's sources with and without entry by magnitude; empty bins take their brighter neighbour's share. */
export function catalogReach(
  mags: ArrayLike<number>,
  hasEntry: (index: number) => boolean,
  isCounted: (index: number) => boolean,
): CatalogReach {
  const known = new Map<number, number>();
  const all = new Map<number, number>();
  for (let i = 0; i < mags.length; i++) {
    const mag = mags[i]!;
    if (!Number.isFinite(mag) || !isCounted(i)) continue;
    const bin = Math.floor(mag / BIN_MAG);
    all.set(bin, (all.get(bin) ?? 0) + 1);
    if (hasEntry(i)) known.set(bin, (known.get(bin) ?? 0) + 1);
  }
  const bins = [...all.keys()].sort((a, b) => a - b);
  const shares: number[] = [];
  for (const bin of bins) {
    // One source more of each kind is believed than was seen: a bin of two says little.
    const share = ((known.get(bin) ?? 0) + 1) / (all.get(bin)! + 2);
    const few = all.get(bin)! < 8 && shares.length > 0;
    shares.push(few ? Math.max(share, Math.min(shares.at(-1)!, 0.98)) : share);
  }
  const at = (mag: number): number => {
    if (bins.length === 0) return 0;
    const place = mag / BIN_MAG - 0.5;
    if (place <= bins[0]!) return shares[0]!;
    for (let k = 1; k < bins.length; k++) {
      if (place > bins[k]!) continue;
      const part = (place - bins[k - 1]!) / (bins[k]! - bins[k - 1]!);
      return shares[k - 1]! + part * (shares[k]! - shares[k - 1]!);
    }
    return shares.at(-1)!;
  };
  let halfMag: number | null = null;
  if (bins.length > 0 && shares.at(-1)! < 0.5) {
    for (let mag = (bins.at(-1)! + 1) * BIN_MAG; mag > bins[0]! * BIN_MAG; mag -= 0.05) {
      if (at(mag) >= 0.5) {
        halfMag = Math.round(mag * 100) / 100;
        break;
      }
    }
  }
  return { knownShare: at, halfMag };
}
