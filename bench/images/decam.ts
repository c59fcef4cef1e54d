import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { measureForSubtraction, type SubtractParameters, subtractTemplate } from '@colibri/modules';
import { type Compute, madSigma, medianOf } from '@colibri/numerics';
import { lend } from '../held-image.ts';
import { type BenchRow, row } from '../report.ts';
import { depthOf } from './depth.ts';
import { type ForeignImage, readDecam } from './foreign-image.ts';
import { swarp } from './peers.ts';
import { type Picture, picture } from './pictures.ts';
import { finderOf, gp1, type Measurement, residualNear, type Settings, sourceExtractor, type Tool } from './tools.ts';

const settings: Settings = { fwhmPix: 4.5, meshPix: 64, order: 0, theirThreshold: 4.75, theirFilterPix: 4 };
const PIXEL_ARCSEC = 0.262;

interface Epoch {
  readonly label: string;
  readonly image: ForeignImage;
}

/** Bands with more than one epoch; the first of each pair is the sharper or deeper one and serves as template. */
const pairs = [
  { band: 'r', template: '180128_083845_ooi_r_ls9.N3', science: '170522_005829_ooi_r_ls9.N2' },
  { band: 'z', template: '170316_062107_ooi_z_ls9.N2', science: '150411_035242_ooi_z_ls9.N3' },
  { band: 'z', template: '170316_062107_ooi_z_ls9.N2', science: '180212_083009_ooi_z_ls9.N3' },
] as const;

/** Depth, repeatability between epochs and the rms of differences on one field seen in 2015–2018. */
export async function decamRows(folder: string, compute: Compute): Promise<{ rows: BenchRow[]; pictures: Picture[] }> {
  const epochs = new Map<string, Epoch>();
  const epoch = async (name: string): Promise<Epoch> => {
    const path = join(folder, `c4d_${name}.fits`);
    const quality = path.replace('_ooi_', '_ood_');
    const known = epochs.get(name) ?? {
      label: `${name.slice(0, 6)} ${/_ooi_(.)/.exec(name)![1]}`,
      image: await readDecam(path, existsSync(quality) ? quality : null),
    };
    epochs.set(name, known);
    return known;
  };
  const tools = [gp1(settings, compute), sourceExtractor(settings)] as const;
  const rows: BenchRow[] = [];
  const pictures: Picture[] = [];
  for (const pair of pairs) {
    const [template, science] = [await epoch(pair.template), await epoch(pair.science)];
    const title = `DECam ${science.label} less ${template.label}`;
    rows.push(...(await repeatability(science, template, tools)));
    const { rows: found, pictures: seen } = await differenceOf(title, science, template, compute);
    rows.push(...found);
    pictures.push(...seen);
  }
  for (const { label, image } of epochs.values()) rows.push(...(await depthRows(`DECam ${label}`, image, tools)));
  return { rows, pictures };
}

/** Stars of S/N ≥ 5, 50 % found, by both tools; what they take for sources on the inverted image. */
async function depthRows(title: string, image: ForeignImage, [ours, theirs]: readonly [Tool, Tool]): Promise<BenchRow[]> {
  const seen = await ours.measure(image);
  const fwhm = seen.fwhmPix ?? settings.fwhmPix;
  const options = { runs: 4, perRun: 21 };
  const [a, b] = [
    await depthOf(image, fwhm, seen, finderOf(ours), options),
    await depthOf(image, fwhm, seen, finderOf(theirs), options),
  ];
  return [
    row(`${title}: S/N at which half of ${a.injected} injected stars are found`, a.halfSnr, 'σ', null, {
      peer: theirs.name,
      peerValue: b.halfSnr,
    }),
    row(`${title}: sources on the inverted image`, a.falseOnInverted, '', null, {
      peer: theirs.name,
      peerValue: b.falseOnInverted,
    }),
  ];
}

/** Differences of magnitudes of the same sources in two epochs, less their median: PSF fluxes of S/N > 10. */
async function repeatability(science: Epoch, template: Epoch, tools: readonly [Tool, Tool]): Promise<BenchRow[]> {
  const scatter = async (tool: Tool) => {
    const [a, b] = [await tool.measure(science.image), await tool.measure(template.image)];
    const pairs = matched(science.image, a, template.image, b);
    const steps = Float64Array.from(pairs, ([i, j]) => -2.5 * Math.log10(a.flux[i]! / b.flux[j]!));
    const middle = medianOf(steps.slice());
    return {
      count: pairs.length,
      mag:
        pairs.length < 3
          ? Number.NaN
          : Math.sqrt(steps.reduce((sum, s) => sum + (s - middle) ** 2, 0) / Math.max(1, steps.length - 1)),
    };
  };
  const [ours, theirs] = [await scatter(tools[0]), await scatter(tools[1])];
  return [
    row(
      `DECam ${science.label} / ${template.label}: scatter of PSF magnitudes of the sources of S/N > 10 (${ours.count}; ${theirs.count})`,
      ours.mag,
      'mag rms',
      null,
      { peer: tools[1].name, peerValue: theirs.mag },
    ),
  ];
}

function matched(first: ForeignImage, a: Measurement, second: ForeignImage, b: Measurement): [number, number][] {
  const strong = (m: Measurement, i: number): boolean => m.flags[i] === 0 && m.flux[i]! > 10 * m.fluxErr[i]!;
  const found: [number, number][] = [];
  for (let i = 0; i < a.x.length; i++) {
    if (!strong(a, i)) continue;
    const at = second.wcs!.skyToPixel(...first.wcs!.pixelToSky(a.x[i]!, a.y[i]!));
    if (at === null) continue;
    for (let j = 0; j < b.x.length; j++)
      if (strong(b, j) && Math.hypot(b.x[j]! - at[0], b.y[j]! - at[1]) < 1 / PIXEL_ARCSEC) found.push([i, j]);
  }
  return found;
}

const parameters: SubtractParameters = { threshold: 5, minScore: 0.5, method: 'optimal', kernelOrder: 1, meshPix: 64 };

/** Our difference, and that of two images brought to one grid by SWarp and scaled to each other: what is left without a matched PSF. */
async function differenceOf(title: string, science: Epoch, template: Epoch, compute: Compute) {
  const ours = await compute.scope(async () => {
    const measure = ({ image }: Epoch) =>
      measureForSubtraction(
        { ...image, ...lend(image, compute), lightVariance: 1, covarianceFactor: 1, fwhmPix: settings.fwhmPix },
        image.wcs!,
        settings.meshPix,
        compute,
      );
    const one = await measure(science);
    const result = await subtractTemplate(one, await measure(template), parameters, compute);
    if (result === null) return null;
    const { difference, variance, mask, residualOnSky, snr } = result.subtraction;
    const plain = { ...science.image, data: difference.slice(), variance: variance.slice(), mask: mask.slice() };
    const bright = { x: [] as number[], y: [] as number[] };
    for (let i = 0; i < one.columns.count; i++) {
      if (!(one.columns.snrWin[i]! > 50)) continue;
      bright.x.push(one.columns.x[i]!);
      bright.y.push(one.columns.y[i]!);
    }
    return { plain, residualOnSky, bright, snr: snr.slice(), changes: result.sources.count };
  });
  if (ours === null) return { rows: [row(`${title}: subtracted`, 0, '', '>= 1')], pictures: [] };
  const radius = 4;
  const naive = await plainDifference(science, template);
  const toGrid = (places: { x: readonly number[]; y: readonly number[] }) => {
    const at = places.x.map((x, i) => naive.toGrid(x, places.y[i]!));
    return { x: at.map((p) => p[0]), y: at.map((p) => p[1]) };
  };
  const peer = 'SWarp, scaled';
  const rows = [
    row(
      `${title}: residual at ${ours.bright.x.length} sources of S/N > 50`,
      residualNear(ours.plain, ours.plain.data, ours.bright, radius),
      'σ rms',
      null,
      {
        peer,
        peerValue: residualNear(naive.image, naive.image.data, toGrid(ours.bright), radius),
      },
    ),
    row(`${title}: residual on the sky`, ours.residualOnSky, 'σ'),
    row(`${title}: changes of 5 σ`, ours.changes, ''),
  ];
  const frame = (image: ForeignImage, caption: string, kind: 'sky' | 'difference') => picture(image, caption, kind);
  return {
    rows,
    pictures: [
      frame(science.image, science.label, 'sky'),
      frame(template.image, template.label, 'sky'),
      frame(ours.plain, `${science.label} less ${template.label}, gp1`, 'difference'),
      frame(naive.image, 'SWarp, scaled', 'difference'),
    ],
  };
}

async function plainDifference(science: Epoch, template: Epoch) {
  const { image } = science;
  const [raDeg, decDeg] = image.wcs!.pixelToSky((image.width - 1) / 2, (image.height - 1) / 2);
  const grid = { width: 240, height: 240, center: { raDeg, decDeg }, scaleArcsec: PIXEL_ARCSEC };
  const [a, b] = [
    await swarp([{ image, wcs: image.wcs!, scale: 1 }], grid),
    await swarp([{ image: template.image, wcs: template.image.wcs!, scale: 1 }], grid),
  ];
  const n = a.data.length;
  const good = (p: number): boolean => a.weight[p]! > 0 && b.weight[p]! > 0;
  // the scale that leaves least at the bright pixels of both
  const noise = madSigma(a.data.filter((_, p) => good(p)));
  let [ab, bb] = [0, 0];
  for (let p = 0; p < n; p++) {
    if (!good(p) || a.data[p]! < 10 * noise) continue;
    ab += a.data[p]! * b.data[p]!;
    bb += b.data[p]! ** 2;
  }
  const scale = ab / bb;
  const data = a.data.map((v, p) => (good(p) ? v - scale * b.data[p]! : Number.NaN));
  const variance = a.weight.map((w, p) => (good(p) ? 1 / w + scale ** 2 / b.weight[p]! : Number.NaN));
  const step = PIXEL_ARCSEC / 3600;
  const rad = Math.PI / 180;
  return {
    image: {
      ...image,
      width: grid.width,
      height: grid.height,
      data,
      variance,
      mask: Uint16Array.from(data, (v) => (Number.isNaN(v) ? 1 : 0)),
    },
    /** From a pixel of the science image, over some tens of arcseconds. */
    toGrid: (x: number, y: number): [number, number] => {
      const [ra, dec] = image.wcs!.pixelToSky(x, y);
      return [
        (grid.width - 1) / 2 - ((ra - raDeg) * Math.cos(decDeg * rad)) / step,
        (grid.height - 1) / 2 + (dec - decDeg) / step,
      ];
    },
  };
}
