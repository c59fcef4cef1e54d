import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { frameSummary } from '@colibri/contracts';
import { type AnyModule, frameIdOf, type ModuleRecord, type ParameterSpec, type Sequence } from '@colibri/pipeline';
import type { Output } from './shared.ts';

type Values = Readonly<Record<string, string | number | boolean | null>>;

/** `gp1 explain` of something made: which masters, catalogue and parameters, and what was doubted. Returns false where nothing is recorded. */
export function explainProduct(path: string, sequence: Sequence, output: Output): boolean {
  const place = resolve(path);
  if (!existsSync(place)) return false;
  if (statSync(place).isDirectory()) return explainUnit(place, sequence, output);
  const record = join(dirname(dirname(place)), 'catalogs', `${frameIdOf(place)}.json`);
  if (!existsSync(record)) return false;
  const { frameId, provenance, astrometry, photometry, warnings, ...summary } = frameSummary.parse(
    JSON.parse(readFileSync(record, 'utf8')),
  );
  output.out(`${frameId}: camera ${summary.camera}, filter ${summary.filter}, ${summary.exposureSec} s, ${summary.observedAt}`);
  output.out(
    `    by ${provenance.software.name} ${provenance.software.version} at ${provenance.finishedAt} on ${provenance.host}`,
  );
  for (const { role, name, sha256 } of provenance.inputs)
    output.out(`    ${role.padEnd(8)} ${name}${sha256 ? `  sha256 ${sha256.slice(0, 16)}` : ''}`);
  output.out(
    astrometry.solved
      ? `    solved against ${astrometry.catalog}: ${astrometry.projection}, order ${astrometry.distortionOrder}`
      : `    not solved: ${astrometry.reason}`,
  );
  output.out(`    magnitudes: ${photometry.band ?? 'none'}${photometry.note ? ` (${photometry.note})` : ''}`);
  for (const [name, version] of Object.entries(provenance.modules))
    explainModule(name, version, provenance.parameters[name] ?? {}, sequence, output);
  for (const sentence of warnings) output.out(`    doubt: ${sentence}`);
  output.out(`    again: gp1 replay ${path}`);
  return true;
}

function explainUnit(folder: string, sequence: Sequence, output: Output): boolean {
  let found = false;
  for (const { name } of sequence.modules) {
    const path = join(folder, 'provenance', `${name}.json`);
    if (!existsSync(path)) continue;
    const record = JSON.parse(readFileSync(path, 'utf8')) as ModuleRecord;
    if (!found) {
      const frames = record.inputs.filter(({ role }) => role === 'frame');
      output.out(`${folder}: ${frames.length} frames, ${frames[0]?.name ?? ''} to ${frames.at(-1)?.name ?? ''}`);
    }
    found = true;
    explainModule(name, record.version, record.parameters, sequence, output);
    for (const { role, name: input, sha256 } of record.inputs) {
      if (role !== 'frame') output.out(`        ${role} ${input}${sha256 ? `  sha256 ${sha256.slice(0, 16)}` : ''}`);
    }
    for (const sentence of record.warnings) output.out(`        doubt: ${sentence}`);
  }
  if (found) output.out(`    again: gp1 replay ${folder}`);
  return found;
}

/** Only what differs from the declaration needs a word. */
function explainModule(name: string, version: string, parameters: Values, sequence: Sequence, output: Output): void {
  const module: AnyModule | undefined = sequence.modules.find((candidate) => candidate.name === name);
  const specs = (module?.parameters ?? {}) as Record<string, ParameterSpec>;
  const changed = Object.entries(parameters).filter(([key, value]) => specs[key]?.default !== value);
  const words =
    changed.length === 0 ? 'all parameters as declared' : changed.map(([key, value]) => `${key} = ${value}`).join(', ');
  output.out(`    ${name} ${version}: ${words}`);
}
