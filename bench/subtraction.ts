// `npx tsx bench/subtraction.ts fields FROM TO | night FOLDER FROM TO [--method optimal|matched|both] [--json]`: subtraction against the truth,
// on fields of these seeds, or on frames of the simulated night reduced by gp1 (FOLDER: `<workspace>/<TRGID>/<INSTRUME>/<FILTER>`).
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { openBenchCompute } from './science/open-unit.ts';
import {
  defaultSubtraction,
  fieldSubtraction,
  nightSubtraction,
  type SubtractionScore,
  subtractionRows,
} from './science/subtraction.ts';

const { values, positionals } = parseArgs({
  options: { method: { type: 'string', default: 'optimal' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const parameters = { ...defaultSubtraction, method: values.method as typeof defaultSubtraction.method };
const isNight = positionals[0] === 'night';
const [from, to] = positionals.slice(isNight ? 2 : 1).map(Number);
const compute = await openBenchCompute(2);
const began = process.cpuUsage();
const scores: SubtractionScore[] = [];
if (isNight) scores.push(...(await nightSubtraction(positionals[1]!, parameters, compute, { from: from ?? 0, to: to ?? 12 })));
else for (let seed = from ?? 201; seed < (to ?? 221); seed++) scores.push(await fieldSubtraction(seed, parameters, compute));
for (const { pulls: _, ...score } of scores) console.error(JSON.stringify(score));
const targets = isNight ? { falsePer: '<= 1', stars: '<= 1.03' } : { falsePer: '<= 0.1' };
const failed = report(`Subtraction, ${values.method}`, subtractionRows(positionals[0] ?? 'fields', scores, targets), values.json);
console.error(`${(process.cpuUsage(began).user / 1e6).toFixed(0)} s of CPU`);
await compute.close();
process.exit(failed > 0 ? 1 : 0);
