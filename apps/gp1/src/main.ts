import { asObservatoryError, ObservatoryError } from '@colibri/base';
import type { AnyModule } from '@colibri/pipeline';
import { Command, CommanderError, Option } from 'commander';
import { commandLine } from './errors.ts';
import { type ExitCode, exitCodes, exitCodesHelp } from './exit-codes.ts';
import { software } from './world/software.ts';

/** Entry of every installed command: `gp1`, `pipeline`, and one per module. Ends the process with the documented code. */
export async function main(command: string, argv: readonly string[]): Promise<void> {
  process.exitCode = await runCommand(command, argv);
  // Threads and sockets of others may linger: what had to be durable is.
  setTimeout(() => process.exit(), 2000).unref();
}

/** Runs one command and returns its exit code. */
export async function runCommand(command: string, argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const run = (work: () => Promise<ExitCode>) => async (): Promise<void> => {
    code = await work();
  };
  try {
    await (await programOf(command, run)).parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.invalid;
    const { message, code: kind, hint } = asObservatoryError(error, command);
    process.stderr.write(`${command}: ${message}  [${kind}]\n    ${hint}\n`);
    // A fault of ours needs its stack in the report.
    if (!(error instanceof ObservatoryError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return /^(CONFIG|INI|COMMAND_LINE|INPUT|FITS|HEADER)/.test(kind) ? exitCodes.invalid : exitCodes.environment;
  }
}

const sequences = () => import('./sequences.ts');

type Run = (work: () => Promise<ExitCode>) => () => Promise<void>;

/** Commands read their code when they run: what only answers `--help` starts in no time. */
async function programOf(name: string, run: Run): Promise<Command> {
  const program = new Command(name)
    .version(software.version)
    .exitOverride()
    .addHelpText('after', exitCodesHelp)
    .showHelpAfterError('(--help says more)');
  if (name === 'gp1') return gp1Program(program, run);
  if (name === 'pipeline') {
    return addInputs(program, 'Runs the modules of a configuration folder over its input, then ends.')
      .requiredOption('-c, --config <dir>', 'folder with pipeline.cfg and one <module>.cfg per module')
      .option('-m, --masters <dir>', 'folder of the masters; by default below the output')
      .addHelpText('after', '\nExample:\n  pipeline -c config/alerts -s /data/raw/20260101 -r /data/reduced')
      .action(() =>
        run(async () => {
          const { pipelineCommand } = await import('./commands/pipeline.ts');
          return pipelineCommand(program.opts(), { sequence: (await sequences()).standard, ended: signalled() });
        })(),
      );
  }
  const { standard, calibrationModules } = await sequences();
  const module = [...standard.modules, ...calibrationModules].find((candidate) => candidate.name === name);
  if (!module) throw commandLine({ what: `There is no command ${name}` });
  return moduleProgram(program, module, run);
}

function addInputs(program: Command, description: string): Command {
  return program
    .description(description)
    .option('-s, --input <path...>', 'folder, FITS files, or @list.txt; wins over the file')
    .option('-r, --output <dir>', 'workspace for the products; wins over the file')
    .option('--catalog <dir>', 'folder of the reference catalogues');
}

function moduleProgram(program: Command, module: AnyModule, run: Run): Command {
  return addInputs(program, `${module.title}: ${module.summary}`)
    .option('-c, --config <file>', `${module.name}.cfg; without it the defaults`)
    .option('-m, --masters <dir>', 'folder of the masters; by default below the output')
    .option('--set <key=value...>', 'parameters that win over the file')
    .addHelpText('after', `\nExample:\n  ${module.name} -s raw/20260101T042001C0o.fits.fz -r out -c ${module.name}.cfg`)
    .action(() =>
      run(async () => {
        const { moduleCommand } = await import('./commands/module.ts');
        return moduleCommand(module, program.opts(), { sequence: (await sequences()).standard, ended: signalled() });
      })(),
    );
}

function gp1Program(program: Command, run: Run): Command {
  const sequencesUrl = new URL(import.meta.url.endsWith('.ts') ? './sequences.ts' : './sequences.js', import.meta.url).href;
  program
    .description('Watches the input folder and gives each new frame to every pipeline whose headers match.')
    .enablePositionalOptions()
    .option('-c, --config <file>', 'gp1.cfg')
    .option('--once', 'take what is there, then end')
    .addOption(new Option('--db <database>', 'embedded, memory or postgres://…; wins over GIC_DB and the file'))
    .option('--verbose', 'DEBUG lines on the console too')
    .addHelpText(
      'after',
      '\nExamples:\n  gp1 -c config/gp1.cfg\n  gp1 -c config/gp1.cfg --once --db memory\n  gp1 check -c config/gp1.cfg\n  gp1 inspect raw/*.fits.fz',
    )
    .action((options: { config?: string; once?: boolean; db?: string; verbose?: boolean }) =>
      run(async () => {
        const { config } = options;
        if (!config) throw commandLine({ what: 'gp1 needs --config <file>' });
        const { onlineCommand } = await import('./commands/online.ts');
        return onlineCommand(
          { ...options, config },
          { sequence: (await sequences()).standard, sequencesUrl, ended: signalled() },
        );
      })(),
    );
  program
    .command('inspect')
    .description('Prints every HDU of FITS files; exit code 2 where one is unreadable.')
    .argument('<files...>')
    .option('--json', 'as JSON')
    .action((files: string[], options: { json?: boolean }) =>
      run(async () => (await import('./commands/inspect.ts')).inspectCommand(files, options))(),
    );
  program
    .command('check')
    .description('Finds every mistake of a configuration, with file and line, without running it.')
    .requiredOption('-c, --config <path>', 'gp1.cfg, or the folder of a pipeline')
    .option('--json', 'as JSON')
    .action((options: { config: string; json?: boolean }) =>
      run(async () => (await import('./commands/check.ts')).checkCommand(options, (await sequences()).standard))(),
    );
  program
    .command('status')
    .description('Counts of each pipeline, and what is unfinished.')
    .requiredOption('-c, --config <file>', 'gp1.cfg')
    .option('--db <database>', 'embedded or postgres://…')
    .option('--json', 'as JSON')
    .action((options: { config: string; db?: string; json?: boolean }) =>
      run(async () => (await import('./commands/status.ts')).statusCommand(options))(),
    );
  program
    .command('explain')
    .description(
      'Of a product: masters, catalogue, parameters and doubts. Of a raw frame: which pipelines take it and why, which masters it asks for.',
    )
    .argument('<frame>', 'raw frame, reduced frame, or the folder of a unit')
    .option('-c, --config <file>', 'gp1.cfg, for raw frames')
    .action((frame: string, options: { config?: string }) =>
      run(async () => (await import('./commands/explain.ts')).explainCommand(frame, options))(),
    );
  program
    .command('replay')
    .description('Makes a reduced frame, or the products of a unit, again as recorded, and says whether the bytes are the same.')
    .argument('<product>', 'reduced/<frame>.fits.fz, or the folder of a unit')
    .option('--raw <file>', 'the raw frame, when it lies elsewhere now')
    .option('-m, --masters <dir>', 'folder of the masters')
    .option('--catalog <dir>', 'folder of the reference catalogues')
    .option('-c, --config <file>', 'gp1.cfg, where a unit was made with services of others')
    .option('-r, --output <dir>', 'keep the new products here')
    .action((product: string, options: { raw?: string; masters?: string; catalog?: string; config?: string; output?: string }) =>
      run(async () => (await import('./commands/replay.ts')).replayCommand(product, options, (await sequences()).standard))(),
    );
  program
    .command('chi')
    .description(
      'One detection image over the stacks of several filters (chi, Szalay et al. 1999), with the sources that stand out in it.',
    )
    .argument('<units...>', 'folders of units, or their stack.fits.fz')
    .requiredOption('-o, --output <file>', 'chi.fits.fz')
    .action((units: string[], options: { output: string }) =>
      run(async () => (await import('./commands/chi.ts')).chiCommand(units, options))(),
    );
  program
    .command('masters')
    .description('Builds every master that the calibration frames of the input make.')
    .requiredOption('-s, --input <path...>', 'folder, FITS files, or @list.txt')
    .requiredOption('-r, --output <dir>', 'folder for the masters')
    .action((options: { input: string[]; output: string }) =>
      run(async () => (await import('./commands/masters.ts')).mastersCommand(options))(),
    );
  const catalog = program.command('catalog').description('Reference catalogues.');
  catalog
    .command('import')
    .description('Imports tables of stars (CSV or FITS) into the local store.')
    .argument('<files...>')
    .option('--name <name>', 'name of the catalogue; by default that of the file')
    .option('--catalog <dir>', 'folder of the catalogues; by default that of --config, else ./catalogs')
    .option('-c, --config <file>', 'gp1.cfg')
    .option('--epoch <year>', 'Julian year of the positions, where the table does not say it', Number)
    .action((files: string[], options: { name?: string; catalog?: string; config?: string; epoch?: number }) =>
      run(async () => (await import('./commands/catalog.ts')).catalogImportCommand(files, options))(),
    );
  return program;
}

/** Settles at the first SIGINT or SIGTERM; a second one ends at once. */
function signalled(): Promise<string> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(130);
        resolve(signal);
      });
    }
  });
}
