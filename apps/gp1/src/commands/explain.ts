import { openFileSource } from '@colibri/fits/node';
import { masterKeyFor, readFrameHead } from '@colibri/pipeline';
import { commandLine } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { digestOf } from '../online/intake.ts';
import { isCalibration, whyNot } from '../online/route.ts';
import { standard } from '../sequences.ts';
import { dataArea } from '../world/engine-world.ts';
import { loadGp1 } from '../world/load-config.ts';
import { explainProduct } from './explain-product.ts';
import { consoleOutput, type Output, printProblems } from './shared.ts';

/** `gp1 explain FRAME`: of a product, what it was made with; of a raw frame (with --config), how a header is understood, which pipelines take the frame and why, which masters it asks for. */
export async function explainCommand(
  file: string,
  options: { config?: string },
  output: Output = consoleOutput,
): Promise<ExitCode> {
  if (explainProduct(file, standard, output)) return exitCodes.done;
  if (!options.config) throw commandLine({ what: 'To explain a raw frame, gp1 explain needs --config <gp1.cfg>' });
  const { config, pipelines, problems } = await loadGp1(options.config, standard);
  if (problems.length > 0) {
    printProblems(problems, output);
    return exitCodes.invalid;
  }
  const source = await openFileSource(file);
  try {
    const { meta, header, width, height, warnings } = await readFrameHead(source, file, await digestOf(file), {
      nowMs: Date.now(),
      longitudeEastDeg: config.longitudeEastDeg,
      alertRules: config.alertRules,
    });
    output.out(
      `${meta.frameId}: ${meta.type}, camera ${meta.camera}, filter ${meta.filter}, ${meta.exposureSec} s, ${meta.observedAt}, night ${meta.nightId}`,
    );
    output.out(
      `    target ${meta.target}, observer ${meta.observer ?? '-'}${meta.isAlert ? ', counts as an alert frame' : ''}; ${width} × ${height} pixels`,
    );
    for (const sentence of warnings) output.out(`    doubt: ${sentence}`);
    for (const pipeline of pipelines) {
      const reason = whyNot(header, meta.type, pipeline);
      output.out(
        reason
          ? `[${pipeline.name}] does not take it: ${reason}`
          : `[${pipeline.name}] takes it: ${pipeline.config.modules.map(({ module }) => module.name).join(', ')}`,
      );
    }
    const raw = { meta, header, width, height, data: new Uint16Array(0) };
    for (const type of isCalibration(meta.type) ? [] : (['bias', 'dark', 'flat'] as const)) {
      const key = masterKeyFor(type, raw, dataArea(raw));
      const words = Object.entries(key).flatMap(([word, value]) =>
        value === null || word === 'type' ? [] : [`${word} ${value}`],
      );
      output.out(`    asks for a ${type}: ${words.join(', ')}`);
    }
    return exitCodes.done;
  } finally {
    await source.close();
  }
}
