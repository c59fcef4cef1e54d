/**
 * Smooths the coefficients of one level (White 1992): the differences of each square are moved, by half a quantisation
 * step at most, towards those that its neighbours' means suggest, never beyond what keeps the image monotonic.
 * Squares at the edge stay.
 */
export function smoothLevel(a: Float64Array, top: number, wide: number, ny: number, scale: number): void {
  const most = Math.floor(scale / 2);
  if (most <= 0) return;
  const up = 2 * ny;
  for (let i = 2; i < top - 2; i += 2) {
    for (let j = 0; j < wide; j += 2) slope(a, i * ny + j, up, ny, most);
  }
  for (let i = 0; i < top; i += 2) {
    for (let j = 2; j < wide - 2; j += 2) slope(a, i * ny + j, 2, 1, most);
  }
  for (let i = 2; i < top - 2; i += 2) {
    for (let j = 2; j < wide - 2; j += 2) curvature(a, i * ny + j, ny, most);
  }
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));

/** One difference: the means of the squares before and after suggest an eighth of their own difference. */
function slope(a: Float64Array, at: number, neighbour: number, partner: number, most: number): void {
  const before = a[at - neighbour]!;
  const here = a[at]!;
  const after = a[at + neighbour]!;
  const high = 4 * Math.max(Math.min(after - here, here - before), 0);
  const low = 4 * Math.min(Math.max(after - here, here - before), 0);
  if (low >= high) return;
  const change = clamp(after - before, low, high) - 8 * a[at + partner]!;
  a[at + partner]! += clamp(Math.trunc(change / 8), -most, most);
}

/** The mixed difference, from the four diagonal neighbours. */
function curvature(a: Float64Array, at: number, ny: number, most: number): void {
  const here = a[at]!;
  const mm = a[at - 2 * ny - 2]!;
  const pm = a[at + 2 * ny - 2]!;
  const mp = a[at - 2 * ny + 2]!;
  const pp = a[at + 2 * ny + 2]!;
  const x = 2 * a[at + ny]!;
  const y = 2 * a[at + 1]!;
  const high =
    16 *
    Math.min(
      Math.max(pp - here, 0) - x - y,
      Math.max(here - pm, 0) + x - y,
      Math.max(here - mp, 0) - x + y,
      Math.max(mm - here, 0) + x + y,
    );
  const low =
    16 *
    Math.max(
      Math.min(pp - here, 0) - x - y,
      Math.min(here - pm, 0) + x - y,
      Math.min(here - mp, 0) - x + y,
      Math.min(mm - here, 0) + x + y,
    );
  if (low >= high) return;
  const change = clamp(pp + mm - mp - pm, low, high) - 64 * a[at + ny + 1]!;
  a[at + ny + 1]! += clamp(Math.trunc(change / 64), -most, most);
}
