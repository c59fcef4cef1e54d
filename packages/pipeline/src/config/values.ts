import { type IniEntry, nearestName, type ObservatoryError } from '@colibri/base';
import type { ParameterSpec } from '../define-module.ts';
import { configValue } from '../errors.ts';

/** One value as given somewhere: a file's line, or the command line. */
export interface Given {
  readonly key: string;
  readonly value: string;
  /** `reduction.cfg:12` or `command line`. */
  readonly at: string;
}
export const given = (entry: IniEntry): Given => ({ key: entry.key, value: entry.value, at: `${entry.file}:${entry.line}` });

/** A value that a module computes with. */
export type Parameter = string | number | boolean | null;

const yes = ['yes', 'true', 'on', '1'];
const no = ['no', 'false', 'off', '0'];
const refuse = ({ key, value, at }: Given, wanted: string): ObservatoryError => configValue({ key, value, at, wanted });

/** yes/no, true/false, on/off, 1/0, in any case. */
export function parseFlag(from: Given): boolean | ObservatoryError {
  const word = from.value.toLowerCase();
  if (yes.includes(word)) return true;
  if (no.includes(word)) return false;
  return refuse(from, 'is neither yes nor no');
}

/** A number without its unit. `none`, `auto` or nothing stand for null where null is the default. */
export function parseNumber(from: Given, spec: Extract<ParameterSpec, { kind: 'number' }>): number | null | ObservatoryError {
  const word = from.value.trim();
  if (spec.default === null && ['', 'none', 'auto', 'header'].includes(word.toLowerCase())) return null;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$/.test(word)) {
    const unit = spec.unit ? ` in ${spec.unit}, without the unit` : '';
    return refuse(from, `is not a number${unit}`);
  }
  const value = Number(word.replace(/[dD]/, 'e'));
  if (!Number.isFinite(value)) return refuse(from, 'is too large for a number');
  if (spec.above !== undefined && !(value > spec.above)) return refuse(from, `must be above ${spec.above}${unitOf(spec)}`);
  if (spec.atLeast !== undefined && !(value >= spec.atLeast))
    return refuse(from, `must be at least ${spec.atLeast}${unitOf(spec)}`);
  if (spec.below !== undefined && !(value < spec.below)) return refuse(from, `must be below ${spec.below}${unitOf(spec)}`);
  if (spec.atMost !== undefined && !(value <= spec.atMost)) return refuse(from, `must be at most ${spec.atMost}${unitOf(spec)}`);
  return unitMistake(from, spec.unit, value) ?? value;
}

const unitOf = (spec: { unit: string }): string => (spec.unit && spec.unit !== '1' ? ` ${spec.unit}` : '');

/** Figures that only a wrong unit explains. Limits are a hundred times beyond any camera of ours. */
function unitMistake(from: Given, unit: string, value: number): ObservatoryError | null {
  if (unit === 'deg/pixel' && value > 0.01) {
    const arcsec = (value * 3600).toFixed(0);
    return refuse(
      from,
      `would be ${arcsec} arcsec per pixel: the unit is deg/pixel (${value} arcsec are ${(value / 3600).toPrecision(4)} deg)`,
    );
  }
  if (unit === 'electron/adu' && value > 1000) return refuse(from, 'is no gain in electron/adu');
  return null;
}

/** Any parameter of a module. */
export function parseParameter(from: Given, spec: ParameterSpec): Parameter | ObservatoryError {
  switch (spec.kind) {
    case 'number':
      return parseNumber(from, spec);
    case 'flag':
      return parseFlag(from);
    case 'text':
      return from.value;
    case 'choice': {
      const found = spec.options.find((option) => option.toLowerCase() === from.value.toLowerCase());
      if (found !== undefined) return found;
      const near = nearestName(from.value, spec.options);
      return refuse(from, `is none of ${spec.options.join(', ')}${near ? `; did you mean "${near}"?` : ''}`);
    }
  }
}
