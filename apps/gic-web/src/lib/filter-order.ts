const order = 'B g r i z y zy gri w J H'.split(' ');

/** The filters that occur, from blue to red; unknown names last, by letter. */
export function sortFilters(names: readonly (string | null)[]): string[] {
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...new Set(names.filter((name): name is string => name !== null))].sort(
    (a, b) => place(a) - place(b) || a.localeCompare(b),
  );
}
