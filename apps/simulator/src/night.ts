import { seededRandom } from '@colibri/base';
import { type Field, makeField } from './field.ts';
import { type NightPlan, planNight } from './plan.ts';
import type { Transients } from './transients.ts';

/** Everything that a seed decides about one night. */
export interface Night {
  readonly seed: number;
  /** Evening date at the site. */
  readonly nightId: string;
  readonly size: number;
  readonly survey: Field;
  readonly alert: Field;
  readonly transients: Transients;
  readonly plan: NightPlan;
}

/**
 * Night 20→21 November 2026 at San Pedro Mártir. Sunset 00:35 UT, dark at 02:05 UT; a burst triggers at 05:12:50 UT in a field that
 * crosses the meridian two hours later.
 */
export function makeNight({
  seed = 20261120,
  size = 1024,
  alertFrames = 48,
}: {
  seed?: number;
  size?: number;
  alertFrames?: number;
}): Night {
  const random = seededRandom(seed);
  const sideDeg = size * 0.0001056 + 0.06; // the frame, its dithers and pointing errors
  const survey = makeField('survey', 21.4, 24.3, sideDeg, seed + 1);
  const alert = makeField('alert', 52.31, 21.46, sideDeg, seed + 2);
  const unix = (iso: string): number => Date.parse(iso) / 1000;
  const triggerAt = '2026-11-21T05:12:50.000Z';
  const offset = (arcsec: number): number => ((random.uniform() - 0.5) * 2 * arcsec) / 3600;
  const glow = { raDeg: alert.raDeg + offset(90), decDeg: alert.decDeg + offset(90) };
  const variable =
    alert.objects.find(
      (o) =>
        o.kind === 'star' &&
        o.mags.r > 16.5 &&
        o.mags.r < 18.5 &&
        Math.hypot(o.raDeg - alert.raDeg, o.decDeg - alert.decDeg) < sideDeg / 4,
    ) ?? alert.objects[0]!;
  const transients: Transients = {
    triggerAt,
    triggerUnix: unix(triggerAt),
    triggerId: '26112101',
    afterglow: { ...glow, r100: 16.2, decay: 1.0 },
    alert: { raDeg: glow.raDeg + offset(40), decDeg: glow.decDeg + offset(40), radiusDeg: 0.035 },
    asteroid: { raDeg: alert.raDeg - 0.02, decDeg: alert.decDeg + 0.025, rate: 1.2, angleDeg: 63, r: 18.2 },
    variable: { id: variable.id, amplitude: 0.3, periodSec: 900 },
  };
  const plan = planNight({
    sunsetUnix: unix('2026-11-21T00:35:00Z'),
    darkUnix: unix('2026-11-21T05:02:00Z'),
    triggerUnix: transients.triggerUnix,
    alertFrames,
  });
  return { seed, nightId: '2026-11-20', size, survey, alert, transients, plan };
}
