import { describe, expect, it } from 'vitest';
import { fittingMetrics, gridTemplate, metricColumns } from './columns.ts';

const modules = ['reduction', 'findstars', 'astrometry', 'summary'];
const none = new Set<string>();

describe('the columns of the board', () => {
  it.each([1364, 1290, 1204])('fit %i px in the dome, the limit always among them', (availablePx) => {
    const shown = fittingMetrics(modules, none, 1.34, availablePx);
    expect(gridTemplate(modules, none, 1.34, shown).leastPx).toBeLessThanOrEqual(availablePx);
    expect(shown.map((column) => column.key)).toEqual(expect.arrayContaining(['fwhmArcsec', 'limitMag5Sigma']));
  });

  it('are all there where there is room, and before the width is known', () => {
    expect(fittingMetrics(modules, none, 1.34, 2000)).toEqual(metricColumns);
    expect(fittingMetrics(modules, none, 1.34, 0)).toEqual(metricColumns);
  });
});
