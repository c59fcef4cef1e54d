import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@colibri/base';
import { candidateList, unitSummary } from '@colibri/contracts';
import { Header, imageHdu, writeFits } from '@colibri/fits';
import { formatDec, formatRa } from '@colibri/sky';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyModule, gp1Path, writeGp1Config } from '../../bench/science/beat-it/run-gp1.ts';
import { type SeededNight, seededNight } from '../../bench/science/beat-it/seeded-night.ts';
import { renderLight } from '../../bench/science/field18/expose.ts';
import { detector } from '../../bench/science/field18/field.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const built = existsSync(join(root, 'apps/gp1/dist/main.js'));

/**
 * The real gp1 with doubles of SkyBoT and of the Legacy Surveys on loopback: a body lies where a star is that no catalogue has, and the survey's
 * image is the field before its new stars. Then both services take every question and never answer.
 */
describe.skipIf(!built)('services of others (skipped before npm run build)', () => {
  let night: SeededNight;
  let server: Server;
  let isSilent = false;
  const asked: string[] = [];

  beforeAll(async () => {
    night = seededNight({ seed: 77, size: 448, frames: 2, stars: 160, ditherPix: 8 });
    const image = surveyImage(night);
    // The brighter of the two steady ones: the other is below the limit of two frames.
    const [body] = night.field.sources.filter(({ kind }) => kind === 'new').sort((a, b) => a.mag - b.mag) as [
      { raDeg: number; decDeg: number },
    ];
    server = createServer((request, response) => {
      asked.push(request.url!);
      if (isSilent) return;
      if (request.url!.includes('conesearch')) {
        const place = `${formatRa(body.raDeg, 3).replaceAll(':', ' ')}</TD><TD>${formatDec(body.decDeg, 2).replaceAll(':', ' ')}`;
        response.end(
          `<?xml version="1.0"?><VOTABLE><RESOURCE><TABLE>${['Num', 'Name', 'RA', 'DEC', 'VMag', 'posErr', 'RArate', 'DECrate'].map((name) => `<FIELD name="${name}"/>`).join('')}<DATA><TABLEDATA><TR><TD>1234</TD><TD>Made up</TD><TD>${place}</TD><TD>18.4</TD><TD>0.2</TD><TD>0.0</TD><TD>0.0</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n`,
        );
      } else response.end(image);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
    night?.dispose();
  });

  async function gp1(...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [gp1Path, ...args], { cwd: night.folder });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    expect(code, output).toBe(0);
    return output;
  }

  async function run(name: string) {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = writeGp1Config(night.folder, everyModule, {
      run: join(night.folder, name),
      general: [
        'minor_planets = skybot',
        `skybot_url = ${url}`,
        'survey_templates = legacy',
        `legacy_url = ${url}`,
        'service_deadline_seconds = 1',
      ],
    });
    // So deep that the body is on the difference only.
    writeFileSync(join(night.folder, name, 'pipeline', 'photometry.cfg'), '[Parameters]\ndetect_thresh = 12\n');
    await gp1('--config', config, '--once');
    const unit = join(night.folder, name, 'workspace/929744/C1/r');
    const read = (file: string) => JSON.parse(readFileSync(join(unit, file), 'utf8')) as unknown;
    return {
      unit,
      config,
      summary: unitSummary.parse(read('summary.json')),
      list: candidateList.parse(read('candidates.json')),
      page: readFileSync(join(unit, 'summary.html'), 'utf8'),
      inputs: (read('provenance/subtraction.json') as { inputs: { role: string; name: string }[] }).inputs,
    };
  }

  it('names the body, subtracts the survey, and records both', async () => {
    const { summary, list, inputs, unit, config } = await run('answering');
    expect(list.minorPlanets).toMatchObject({ asked: true, failure: null, inField: 1 });
    expect(list.candidates.find(({ minorPlanet }) => minorPlanet !== null)?.minorPlanet?.name).toBe('(1234) Made up');
    expect(summary.difference).toMatchObject({ origin: 'survey' });
    expect(summary.difference!.residualAtStars).toBeLessThan(1.3);
    expect(inputs.map(({ role }) => role)).toContain('template');
    // Two of the three new stars are bright enough.
    expect(summary.difference!.detections).toBe(2);

    // What only the difference shows has its light in every frame too.
    const onlyThere = list.candidates.filter(({ source, difference }) => source === null && difference !== null);
    expect(onlyThere.length).toBeGreaterThan(0);
    for (const { light, difference, mag, magErr } of onlyThere) {
      expect(light.map(({ kind }) => kind).sort()).toEqual(['difference', 'frame', 'frame']);
      const change = light.find(({ kind }) => kind === 'difference')!;
      expect(change.fluxMicroJy / change.fluxErrMicroJy).toBeCloseTo(difference!.flux / difference!.fluxErr, 3);
      if (change.fluxMicroJy > 0) expect(mag).toBeCloseTo(23.9 - 2.5 * Math.log10(change.fluxMicroJy), 3);
      expect(mag === null).toBe(magErr === null);
    }
    const body = list.candidates.find(({ minorPlanet }) => minorPlanet !== null)!;
    const truth = night.field.sources.find(({ kind, mag }) => kind === 'new' && mag < 21)!;
    for (const { kind, fluxMicroJy, fluxErrMicroJy } of body.light.filter(({ kind }) => kind === 'frame'))
      expect(Math.abs(fluxMicroJy - 10 ** (-0.4 * (truth.mag - 23.9))) / fluxErrMicroJy, kind).toBeLessThan(4);

    // Once more from the answers that were kept: nobody is asked.
    asked.length = 0;
    const again = await gp1('replay', unit, '--config', config, '--catalog', join(night.folder, 'catalogs'));
    expect(again).toMatch(/made again, all with the same bytes/);
    expect(asked).toEqual([]);
  }, 120_000);

  it('writes the page without them when they are silent, and the page says so', async () => {
    isSilent = true;
    asked.length = 0;
    const answering = await run('silent');
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(answering.list.minorPlanets.failure).toMatch(/SkyBoT.*did not answer within 1 s/);
    expect(answering.page).toMatch(/Minor planets were not checked: SkyBoT/);
    expect(answering.page).toMatch(/A template was not asked for: Legacy Surveys/);
    expect(answering.summary.difference?.origin).not.toBe('survey');
    expect(answering.summary.verdict.limitMag5Sigma).not.toBeNull();
  }, 120_000);
});

/** The first frame's sky in nanomaggies without noise to speak of, and without its new stars; inverse variance in the second image. */
function surveyImage({ field }: SeededNight): Uint8Array {
  const old = { ...field, sources: field.sources.filter(({ kind }) => kind === 'star') };
  const frame = field.frames[0]!;
  const { size, exposureSec, zeroPointMag } = field.options;
  const perElectron = 10 ** (-0.4 * (zeroPointMag - 22.5)) / (detector.gain * exposureSec);
  const data = renderLight(old, frame).map((electrons) => electrons * perElectron);
  const sigma = 10 * perElectron;
  const random = seededRandom(78);
  for (let i = 0; i < data.length; i++) data[i]! += sigma * random.normal();
  const header = new Header();
  for (const { keyword, value, comment } of frame.wcs.toCards()) header.set(keyword, value, comment);
  const shape = [size, size];
  const weight = new Float32Array(data.length).fill(1 / sigma ** 2);
  return writeFits([imageHdu({ data, shape, header }), imageHdu({ data: weight, shape, name: 'INVVAR' })], {});
}
