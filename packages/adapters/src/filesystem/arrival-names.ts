/** Names under which a FITS frame may arrive, in any case. */
const frameName = /\.(fits|fit|fts)(\.(fz|gz))?$/i;
/** Names of files that someone is still writing: hidden, and the endings that copy programs use. */
const temporary = [/^\./, /\.(part|tmp|temp|filepart|partial|crdownload|swp|swx|lock)$/i, /~$/, /^#.*#$/];

/** True for a name that may be a finished frame. rsync's `.<name>.<6 letters>` is hidden, so it is refused with those. */
export function isFrameName(base: string): boolean {
  return frameName.test(base) && !temporary.some((pattern) => pattern.test(base));
}
