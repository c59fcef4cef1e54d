import { parseArgs } from 'node:util';
import { asObservatoryError, formatLogLine, type Log } from '@colibri/base';
import { startServer } from './server.ts';
import { parseWorkspace } from './workspaces.ts';

const help = `gic-server: the instrument center's server

  --port 8470            port on 127.0.0.1 (--host for another address)
  --data-dir FOLDER      folder of the built-in PostgreSQL, shared with gp1
  --db postgres://…      a PostgreSQL server instead (or the environment variable GIC_DB)
  --gp1-config FILE      gp1.cfg, for the workspaces of its pipelines
  --workspace NAME=DIR   workspace of one pipeline; may be repeated, wins over gp1.cfg
  --simulation FILE      status file of a night that is played (or GIC_SIMULATION)
  --cache-dir FOLDER     where previews are kept
  --web FOLDER           the built page
  --host-name NAME       a name under which a proxy asks; may be repeated
`;

const consoleLog: Log = {
  log: (level, component, message) => void process.stderr.write(`${formatLogLine(Date.now(), level, component, message)}\n`),
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8470' },
      host: { type: 'string', default: '127.0.0.1' },
      'host-name': { type: 'string', multiple: true, default: [] },
      'data-dir': { type: 'string' },
      db: { type: 'string' },
      'gp1-config': { type: 'string' },
      workspace: { type: 'string', multiple: true, default: [] },
      simulation: { type: 'string' },
      'cache-dir': { type: 'string' },
      web: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const url = values.db ?? process.env['GIC_DB'];
  const dataDir = values['data-dir'];
  if (values.help || (!url && !dataDir)) {
    process.stdout.write(help);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const simulation = values.simulation ?? process.env['GIC_SIMULATION'];
  const server = await startServer({
    port: Number(values.port),
    host: values.host,
    hostNames: values['host-name'],
    database: url ? { url } : { dataDir: dataDir! },
    workspaces: new Map(values.workspace.map(parseWorkspace)),
    ...(values['gp1-config'] ? { gp1Config: values['gp1-config'] } : {}),
    ...(simulation ? { simulationFile: simulation } : {}),
    ...(values['cache-dir'] ? { cacheDir: values['cache-dir'] } : {}),
    ...(values.web ? { webRoot: values.web } : {}),
    log: consoleLog,
  });
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isEnding) return;
      isEnding = true;
      server.close().then(
        () => process.exit(0),
        (error: unknown) => {
          consoleLog.log('ERROR', 'Server', asObservatoryError(error, 'Closing').message);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  const { code, message, hint } = asObservatoryError(error, 'The start of the server');
  consoleLog.log('ERROR', 'Server', `${message} ${hint} (${code})`);
  process.exitCode = 2;
});
