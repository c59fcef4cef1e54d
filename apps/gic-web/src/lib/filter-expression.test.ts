import { type FrameRow, noMetrics } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { parseFrameFilter, toggleTerm } from './filter-expression.ts';

const row = (over: Partial<FrameRow>): FrameRow =>
  ({
    frameId: '20261123T051207C1o',
    filter: 'r',
    camera: 'C1',
    type: 'object',
    target: 'GRB 261123A',
    state: 'published',
    isAlert: true,
    exposureSec: 30,
    failure: null,
    metrics: { ...noMetrics, fwhmArcsec: 1.8 },
    ...over,
  }) as FrameRow;

const matches = (expression: string, over: Partial<FrameRow> = {}) => parseFrameFilter(expression).matches(row(over));

describe('filter expressions', () => {
  it.each([
    ['', true],
    ['filter=r fwhm>1.5 type=object', true],
    ['filter=r fwhm>2', false],
    ['filter=g,r', true],
    ['filter!=r', false],
    ['fwhm<=1.8', true],
    ['fwhm >= 1.9', false],
    ['alert:yes', true],
    ['target="GRB 261123A"', true],
    ['0512', true],
    ['grb', true],
    ['FILTER=R', true],
    ['exp=30', true],
  ])('“%s” on a published r frame of 1.8″: %s', (expression, expected) => expect(matches(expression)).toBe(expected));

  it('never lets an unknown value satisfy a comparison', () => {
    expect(matches('fwhm<99', { metrics: noMetrics })).toBe(false);
    expect(matches('fwhm>0', { metrics: null })).toBe(false);
  });

  it('says which name it does not know and goes on with the rest', () => {
    const filter = parseFrameFilter('filtre=r type=object');
    expect(filter.problems).toHaveLength(1);
    expect(filter.problems[0]).toContain('“filtre” is not a column');
    expect(filter.terms).toHaveLength(1);
  });

  it('refuses to compare with words', () => expect(parseFrameFilter('fwhm>good').problems[0]).toContain('not a number'));

  it('says that a comparison without a value is unfinished', () => {
    expect(parseFrameFilter('fwhm>').problems).toHaveLength(1);
  });

  it('puts a term in, replaces it, and takes it out again', () => {
    expect(toggleTerm('', 'filter', 'r')).toBe('filter=r');
    expect(toggleTerm('filter=r fwhm>2', 'filter', 'g')).toBe('fwhm>2 filter=g');
    expect(toggleTerm('fwhm>2 filter=g', 'filter', 'g')).toBe('fwhm>2');
    expect(toggleTerm('', 'target', 'GRB 1')).toBe('target="GRB 1"');
    expect(toggleTerm('target="GRB 1"', 'target', 'GRB 1')).toBe('');
  });
});
