import {
  choice,
  type Difference,
  defineModule,
  input,
  metric,
  number,
  output,
  type Stack,
  type StackSet,
  type Template,
  type Unit,
  type UnitPhotometry,
} from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';
import { imageOfStack } from '../photometry/measure-stack.ts';
import { differenceCodec } from './difference-file.ts';
import { type MeasuredSide, measureForSubtraction, type SubtractParameters, subtractTemplate } from './subtract-template.ts';

/** Subtracts a template from the stack of a unit and finds what changed. */
export const subtraction = defineModule({
  name: 'subtraction',
  code: 'SB',
  version: '1.1.0',
  title: 'Subtraction',
  iniLabel: 'Image subtraction',
  summary:
    'Subtracts an image of another time from the stack, both brought to one star profile, and finds what rose or fell, each with the probability that it is real.',
  unitOfWork: 'unit',
  isThorough: true,

  inputs: {
    unit: input('unit', 'Reduced, measured frames of one target, camera and filter.', 'electron'),
    alignment: input('alignment', 'Coordinates and transparency of each frame.'),
    stacks: input('stacks', 'Stack and its halves.', 'electron/s'),
    photometry: input('photometry', 'Sources and star profile of the stack.'),
    templates: input('templates', 'Images of the same sky from other times.'),
  },
  parameters: {
    method: choice(
      'Detection statistic: optimal (noise of both images by frequency), matched (the star profile), both (the weaker of the two).',
      { options: ['optimal', 'matched', 'both'], default: 'optimal' },
    ),
    detect_thresh: number('Least S/N of a change, by the statistic.', { unit: 'sigma', default: 5, atLeast: 3 }),
    min_score: number('Least probability of a change that counts as a candidate.', {
      unit: '1',
      default: 0.5,
      above: 0,
      below: 1,
    }),
    kernel_order: number('Highest order of the variation of the kernel over the image that is tried.', {
      unit: '1',
      default: 3,
      atLeast: 0,
      atMost: 3,
    }),
    back_size: number('Cell of the mesh of the sky that is left on the difference.', {
      unit: 'pixel',
      default: 128,
      atLeast: 32,
    }),
  },
  outputs: {
    difference: output('difference', 'Stack minus template, and its changes.', {
      unit: 'electron/s',
      level: 'L1c',
      codec: differenceCodec,
    }),
  },
  metrics: {
    noise: metric('Noise of the difference over the expected, on the sky.', {
      unit: '1',
      card: 'SBNOISE',
      field: 'differenceNoise',
      warnAbove: 1.2,
    }),
    count: metric('Changes that count as candidates.', { unit: 'changes', card: 'SBNCAND', field: 'differenceCount' }),
    falseCount: metric('The same on the inverted image.', {
      unit: 'changes',
      card: 'SBNFALSE',
      field: 'differenceFalseCount',
      warnAbove: 3,
    }),
  },

  async run({ unit, stacks, photometry, templates }, parameters, { compute, info, warn }) {
    const options = {
      threshold: parameters.detect_thresh,
      minScore: parameters.min_score,
      method: parameters.method as SubtractParameters['method'],
      kernelOrder: parameters.kernel_order,
      meshPix: parameters.back_size,
    };
    const nothing = { outputs: { difference: null }, metrics: { noise: null, count: null, falseCount: null } };
    const difference = await compute.scope(async (keep): Promise<Difference | null> => {
      const found = templates === null ? null : await templates.find(queryOf(unit, stacks.stack));
      const pair = found === null ? await halves(stacks) : await withTemplate(stacks.stack, photometry, found);
      if (pair === null) {
        warn('There is no template of this field, and no two halves to compare: nothing was subtracted.');
        return null;
      }
      if (found === null) info('There is no template of this field: the second half is compared with the first.');
      const { science, template, source, header } = pair;
      const result = await subtractTemplate(science, template, options, compute);
      if (result === null) {
        warn(`${source.name}: too few stars are in both images to match them; nothing was subtracted.`);
        return null;
      }
      const { subtraction: s, registration, sources, falsePositives, noiseLimit } = result;
      if (registration.stars === 0)
        warn(`${source.name} was registered by the solutions alone: too few stars are in both images.`);
      info(
        `${source.name} (${source.origin}): ${s.fit.used.length} stamps (${s.fit.rejected.length} rejected), kernel order ${s.fit.kernel.shapeOrder}, χ² ${s.fit.chi2.toFixed(2)}; ` +
          `registered by ${registration.stars} stars to ${registration.rmsPix?.toFixed(3) ?? '?'} pix; the ${s.convolved} was convolved; ` +
          `noise ${s.residualOnSky.toFixed(3)} on the sky, ${s.residualAtStars.toFixed(3)} at stars; noise alone reaches ${noiseLimit.toFixed(2)} sigma.`,
      );
      return {
        width: s.width,
        height: s.height,
        data: keep(s.difference),
        variance: keep(s.variance),
        mask: keep(s.mask),
        snr: keep(s.snr),
        wcs: science.wcs,
        header,
        psf: s.psf,
        template: source,
        covarianceFactor: s.covarianceFactor,
        sources,
        falsePositives,
        residualAtStars: s.residualAtStars,
        residualOnSky: s.residualOnSky,
      };
    });
    if (difference === null) return nothing;
    const { realBogus } = difference.sources;
    const count = realBogus.reduce((n, score) => n + (score >= parameters.min_score ? 1 : 0), 0);
    return {
      outputs: { difference },
      metrics: { noise: finite(difference.residualOnSky), count, falseCount: difference.falsePositives },
    };

    async function withTemplate(stack: Stack, { psf, sources }: UnitPhotometry, template: Template): Promise<Pair> {
      return {
        science: { ...planesOf(stack), wcs: stack.wcs, psf, columns: sources.columns, covarianceFactor: stack.covarianceFactor },
        template: await measureForSubtraction(
          {
            ...planesOf(template),
            lightVariance: 0,
            saturation: Number.POSITIVE_INFINITY,
            covarianceFactor: template.covarianceFactor,
            fwhmPix: 0,
          },
          template.wcs,
          parameters.back_size,
          compute,
        ),
        source: { name: template.name, origin: template.origin, midMjdUtc: template.midMjdUtc, sha256: template.sha256 },
        header: stack.header,
      };
    }

    async function halves({ halfA, halfB }: StackSet): Promise<Pair | null> {
      if (halfA === null || halfB === null) return null;
      const measured = (half: Stack) => measureForSubtraction(imageOfStack(half), half.wcs, parameters.back_size, compute);
      return {
        science: await measured(halfB),
        template: await measured(halfA),
        source: { name: 'first half', origin: 'half', midMjdUtc: halfA.midMjdUtc, sha256: null },
        header: halfB.header,
      };
    }
  },
});

interface Pair {
  readonly science: MeasuredSide;
  readonly template: MeasuredSide;
  readonly source: Difference['template'];
  readonly header: Difference['header'];
}

const planesOf = ({ width, height, data, variance, mask }: Stack | Template) => ({ width, height, data, variance, mask });

/** `unit` names the night as well: a template of the same folder but of another night serves. */
function queryOf(unit: Unit, { wcs, width, height, filter }: Stack) {
  const [raDeg, decDeg] = wcs.pixelToSky((width - 1) / 2, (height - 1) / 2);
  const { pixelScaleArcsec } = localGeometry(wcs, width / 2, height / 2);
  const radiusDeg = (Math.hypot(width, height) * pixelScaleArcsec) / 7200;
  return { raDeg, decDeg, radiusDeg, filter, unit: `${unit.name}@${unit.nightId}` };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
