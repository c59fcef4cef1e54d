import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrorOf } from '@colibri/base';
import { separationArcsec } from '@colibri/sky';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogMalformed, catalogUnreachable } from '../catalogs/errors.ts';
import { skybotSource } from './skybot.ts';

/** A SkyBoT on loopback that answers what it is told to. */
const answers: Record<string, string> = {
  votable: `<?xml version="1.0"?><VOTABLE><RESOURCE><TABLE>
<FIELD name="Num"/><FIELD name="Name"/><FIELD name="RA"/><FIELD name="DEC"/><FIELD name="VMag"/><FIELD name="posErr"/><FIELD name="RArate"/><FIELD name="DECrate"/>
<DATA><TABLEDATA>
<TR><TD>1234</TD><TD>Made &amp; up</TD><TD>14 22 24.000</TD><TD>+53 06 36.00</TD><TD>18.4</TD><TD>0.21</TD><TD>60.0</TD><TD>-30.0</TD></TR>
<TR><TD>-</TD><TD>2019 XY</TD><TD>14 30 00.000</TD><TD>+53 06 36.00</TD><TD>20.1</TD><TD>4.0</TD><TD>1.0</TD><TD>1.0</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n`,
  text: `# Flag: 1
# Num | Name | RA(h) | DE(deg) | Class | Mv | Err(arcsec) | d(arcsec) | dRA(arcsec/h) | dDEC(arcsec/h)
 1234 | Made, up | 14.3733333333 | +53.11 | MB>Inner | 18.4 | 0.21 | 12 | 60.0 | -30.0\n`,
  nobody: '# Flag: 0\nNo solar system object was found in the requested FOV\n',
  web: '<html>Sign in</html>',
};
let mood = 'votable';
const asked: string[] = [];
let server: Server;
let folder: string;

beforeEach(async () => {
  mood = 'votable';
  asked.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'skybot-'));
  server = createServer((request, response) => {
    asked.push(request.url!);
    if (mood === 'busy') response.writeHead(503).end();
    else response.writeHead(200).end(mood === 'cut' ? answers['votable']!.slice(0, 400) : answers[mood]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

const open = (cacheDir: string | null = folder) =>
  skybotSource({ cacheDir, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sleep: async () => {} });
const query = { raDeg: 215.6, decDeg: 53.11, radiusDeg: 0.2, mjdUtc: 61041.183 };

describe('skybotSource', () => {
  it.each(['votable', 'text'])('reads %s, and carries bodies to the time asked for by their motion', async (form) => {
    mood = form;
    const [body, ...others] = await open().cone(query);
    expect(others).toEqual([]); // The second body of the VOTable lies outside of the cone.
    expect(body).toMatchObject({ magV: 18.4, errArcsec: 0.21, raRateArcsecH: 60, decRateArcsecH: -30 });
    expect(body!.name).toMatch(/^\(1234\) Made/);
    // Asked for at 61041.18, given for 0.003 d = 0.072 h later: 4.32″ east, 2.16″ south.
    expect((body!.raDeg - 215.6) * 3600 * Math.cos((53.11 * Math.PI) / 180)).toBeCloseTo(4.32, 1);
    expect((body!.decDeg - 53.11) * 3600).toBeCloseTo(-2.16, 1);
    expect(new URL(asked[0]!, 'http://x').searchParams.get('-ep')).toBe(String(61041.18 + 2400000.5));
  });

  it('asks once for the looks of one event, in one process and in the next', async () => {
    const first = open();
    await first.cone(query);
    await first.cone({ ...query, raDeg: 215.602, mjdUtc: query.mjdUtc + 0.001 });
    const [kept] = await open().cone(query);
    expect(asked).toHaveLength(1);
    expect(separationArcsec(kept!.raDeg, kept!.decDeg, 215.6, 53.11)).toBeLessThan(6);
  });

  it('knows an empty field from a failure', async () => {
    mood = 'nobody';
    expect(await open().cone(query)).toEqual([]);
    for (const [bad, kind] of [
      ['busy', catalogUnreachable],
      ['web', catalogMalformed],
      ['cut', catalogMalformed],
    ] as const) {
      mood = bad;
      const error = await open(null)
        .cone(query)
        .then(
          () => null,
          (caught: unknown) => caught,
        );
      expect(isErrorOf(kind, error as Error), bad).toBe(true);
    }
    mood = 'votable';
    const source = open(null);
    mood = 'busy';
    await source.cone(query).catch(() => {});
    mood = 'votable';
    expect(await source.cone(query)).toHaveLength(1); // A failure is not kept.
  });
});
