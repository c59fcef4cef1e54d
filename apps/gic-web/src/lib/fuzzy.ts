/**
 * Score of a query against a text: every letter in order, better when letters follow one another or begin a word, best at the start.
 * null: no match. Words of the query are matched independently.
 */
export function fuzzyScore(query: string, text: string): number | null {
  const haystack = text.toLowerCase();
  let total = 0;
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const score = wordScore(word, haystack);
    if (score === null) return null;
    total += score;
  }
  return total - text.length * 0.01;
}

function wordScore(word: string, text: string): number | null {
  const whole = text.indexOf(word);
  if (whole >= 0) return 10 * word.length + (whole === 0 ? 20 : /\W/.test(text[whole - 1]!) ? 10 : 0);
  let at = -1;
  let score = 0;
  for (const letter of word) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    score += next === at + 1 ? 3 : next === 0 || /\W/.test(text[next - 1]!) ? 2 : 0.5;
    at = next;
  }
  return score;
}

/** The best `limit` items, best first; ties keep their order (give the most recent first). */
export function fuzzyRank<T>(query: string, items: readonly T[], textOf: (item: T) => string, limit: number): T[] {
  if (query.trim() === '') return items.slice(0, limit);
  return items
    .map((item, order) => ({ item, order, score: fuzzyScore(query, textOf(item)) }))
    .filter((entry): entry is { item: T; order: number; score: number } => entry.score !== null)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, limit)
    .map((entry) => entry.item);
}
