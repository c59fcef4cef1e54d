import { MaskPlane, SourceFlag } from '@colibri/numerics';
import type { StackSources } from '@colibri/pipeline';

/** What speaks against the photometry of a source of the stack, in words. */
export function shapeFlags({ columns }: StackSources, i: number): string[] {
  const flags = columns.flags[i]!;
  const mask = columns.maskFlags[i]!;
  const words: string[] = [];
  if ((flags & SourceFlag.SATURATED) | (mask & MaskPlane.SATURATED)) words.push('saturated');
  if (flags & SourceFlag.TRUNCATED) words.push('at the edge');
  if (mask & (MaskPlane.BAD | MaskPlane.NO_FLAT | MaskPlane.NO_DATA)) words.push('bad pixels');
  if (mask & MaskPlane.COSMIC) words.push('cosmic ray');
  if (mask & MaskPlane.TRAIL) words.push('satellite trail');
  return words;
}

/** Whether a source is wider than the PSF or a galaxy of the catalogue, and whether it says what steady sources of its kind look like. */
export function referenceKind(sources: StackSources, i: number): { readonly isExtended: boolean; readonly isReference: boolean } {
  if (i < 0 || i >= sources.columns.count) return { isExtended: false, isReference: false };
  const hasEntry = sources.catalogIndex[i]! >= 0;
  const isExtended = (hasEntry && sources.catalogIsStar[i] === 0) || sources.spreadModel[i]! > 5 * sources.spreadModelErr[i]!;
  return { isExtended, isReference: hasEntry && shapeFlags(sources, i).length === 0 };
}

/** Catalogued, clean and like a star: one that says what steady stars of the field look like. */
export function isPointReference(sources: StackSources, i: number): boolean {
  if (i < 0 || i >= sources.columns.count || !(sources.catalogIndex[i]! >= 0)) return false;
  if (sources.catalogIsStar[i] === 0 || shapeFlags(sources, i).length > 0) return false;
  const spread = sources.spreadModel[i]! / sources.spreadModelErr[i]!;
  return !(Math.abs(spread) > 5);
}
