import type { DetectorModel } from './detector.ts';
import type { Exposure } from './plan.ts';
import type { Conditions } from './render.ts';
import type { Transients } from './transients.ts';

/** Cards of one raw frame, in order: keyword, value, comment. Names and habits of the telescope control system; no WCS in them. */
export type RawCards = [keyword: string, value: string | number | boolean, comment?: string][];

/** `20261121T051402C1o`: UTC start in whole seconds, channel, type. */
export function frameName(exposure: Exposure): string {
  const letter = { bias: 'b', dark: 'd', flat: 'f', object: 'o' }[exposure.type];
  return `${iso(exposure.startUnix).slice(0, 19).replace(/[-:]/g, '')}${exposure.camera}${letter}`;
}

const iso = (unix: number): string => new Date(unix * 1000).toISOString().slice(0, 23);

export function rawCards(
  exposure: Exposure,
  detector: DetectorModel,
  pointing: { raDeg: number; decDeg: number } | null,
  conditions: Conditions,
  transients: Transients,
): RawCards {
  const { startUnix, exposureSec, camera, filter } = exposure;
  const end = startUnix + exposureSec;
  const mjd = (unix: number): number => unix / 86400 + 40587;
  const { size, overscan } = detector;
  const alert = exposure.field === 'alert';
  const cards: RawCards = [
    ['DATE-OBS', iso(startUnix), 'UTC start of exposure'],
    ['MJD-OBS', mjd(startUnix), 'MJD of DATE-OBS'],
    ['ORIGIN', 'OAN/SPM'],
    ['TELESCOP', 'SIMULATED 1.3-m', 'a simulation: no photon was hurt'],
    ['INSTRUME', camera],
    ['ORIGNAME', `${frameName(exposure)}.fits`],
    ['EXPTIME', exposureSec, '[s]'],
    ['NFRM', 1],
    ['EXPTYPE', exposure.type],
    ['CCD_NAME', camera],
    ['BINNING', '1'],
    ['READMODE', '1MHz'],
    ['SOFTGAIN', 1],
    ['DATASAT', detector.saturationAdu, '[adu] saturation'],
    ['CCDSEC', `[1:${size},1:${size}]`],
    ['DATASEC', `[${overscan + 1}:${overscan + size},1:${size}]`],
    ['BSPIX1', size / 2 + 0.5 + overscan, 'boresight'],
    ['BSPIX2', size / 2 + 0.5, 'boresight'],
    ['FILTER', filter],
    ['PRPID', Number(exposure.project), 'project'],
    ['BLKID', alert ? Number(transients.triggerId) : 1, 'block'],
    ['VSTID', Number(exposure.visit), 'visit'],
    ['PRPNM', alert ? 'alerts' : exposure.field ? 'guest' : 'calibration'],
    ['BLKNM', alert ? `SVOM ${transients.triggerAt.slice(2, 10).replace(/-/g, '')}` : (exposure.field ?? exposure.type)],
    ['SDTTM', -60.0, '[C] detector temperature'],
  ];
  if (alert) {
    cards.push(
      ['ALNM', `SVOM ${transients.triggerAt.slice(2, 10).replace(/-/g, '')}`, 'alert name'],
      ['ALOR', 'svom', 'alert origin'],
      ['ALID', transients.triggerId],
      ['ALSVID', transients.triggerId, 'SVOM identifier'],
      ['ALTY', 'svomeclairswakeup'],
      ['ALEVT', transients.triggerAt.slice(0, 23), 'event time'],
      ['ALALT', iso(transients.triggerUnix + 55), 'alert time'],
      ['ALRA', transients.alert.raDeg, '[deg]'],
      ['ALDE', transients.alert.decDeg, '[deg]'],
      ['ALEQ', 2000],
      ['ALUN', transients.alert.radiusDeg, '[deg] uncertainty'],
    );
  }
  if (pointing) {
    for (const p of ['S', 'E'] as const) {
      cards.push(
        [`${p}TRSTRA`, pointing.raDeg, '[deg] target, J2000'],
        [`${p}TRSTDE`, pointing.decDeg, '[deg] target, J2000'],
        [`${p}TRSTEQ`, 2000],
        [`${p}TROBAM`, conditions.airmass, 'airmass'],
        [`${p}MTMRO`, exposure.mountRotationDeg, '[deg] mount rotation'],
      );
    }
  }
  cards.push(['SDATE', iso(startUnix)], ['EDATE', iso(end), 'UTC end of exposure'], ['EMJD', mjd(end)]);
  return cards;
}
