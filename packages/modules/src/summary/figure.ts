/** A plot, what it shows, and its numbers as a table that opens. */
export function figure(title: string, svg: string, caption: string, table = ''): string {
  return `<figure><h3>${title}</h3>${svg}<figcaption>${caption}</figcaption>${table}</figure>`;
}

/** Columns and rows behind a plot. */
export function numbers(headers: readonly string[], rows: readonly (readonly string[])[], summary = 'Numbers'): string {
  if (rows.length === 0) return '';
  const head = headers.map((text) => `<th>${text}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<details><summary>${summary}</summary><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></details>`;
}
