import { parseArgs } from 'node:util';
import { configUnreadable } from './errors.ts';
import type { ServerOptions } from './server.ts';
import { parseWorkspace } from './workspaces.ts';

export const help = `gic-server: the instrument center's server

  --port 8470            port; 0 takes any free one
  --host 127.0.0.1       address to listen at; guests may read on this machine only, whatever it is
  --host-name NAME       a name under which a proxy on this machine asks; may be repeated
  --data-dir FOLDER      folder of the built-in PostgreSQL, shared with gp1
  --db postgres://…      a PostgreSQL server instead (or the environment variable GIC_DB)
  --gp1-config FILE      gp1.cfg, for the workspaces of its pipelines
  --workspace NAME=DIR   workspace of one pipeline; may be repeated, wins over gp1.cfg
  --simulation FILE      status file of a night that is played (or GIC_SIMULATION)
  --cache-dir FOLDER     where previews are kept; by default "previews" beside the folder of the database
  --web FOLDER           the built page; by default that of this checkout
`;

/** What the command line and the environment ask for; the command line wins. null: the help. */
export function readCommandLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Omit<ServerOptions, 'log'> | null {
  const values = parse(argv);
  if (values.help) return null;
  const url = values.db ?? (values['data-dir'] ? undefined : env['GIC_DB']);
  const dataDir = values['data-dir'];
  if (url && dataDir) throw wrong('--db and --data-dir', 'name two databases; give one.');
  if (!url && !dataDir) throw wrong('--data-dir', 'is missing: which database? Give --data-dir FOLDER or --db postgres://…');
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw wrong(`--port ${values.port}`, 'is no port: 0 to 65535.');
  const simulation = values.simulation ?? env['GIC_SIMULATION'];
  return {
    port,
    host: values.host,
    hostNames: values['host-name'],
    database: url ? { url } : { dataDir: dataDir! },
    workspaces: new Map(values.workspace.map(parseWorkspace)),
    ...(values['gp1-config'] ? { gp1Config: values['gp1-config'] } : {}),
    ...(simulation ? { simulationFile: simulation } : {}),
    ...(values['cache-dir'] ? { cacheDir: values['cache-dir'] } : {}),
    ...(values.web ? { webRoot: values.web } : {}),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true, default: [] as string[] } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { ...text, default: '8470' },
        host: { ...text, default: '127.0.0.1' },
        'host-name': list,
        'data-dir': text,
        db: text,
        'gp1-config': text,
        workspace: list,
        simulation: text,
        'cache-dir': text,
        web: text,
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw configUnreadable({ path: 'Command line', what: cause instanceof Error ? cause.message : String(cause) }, cause);
  }
}

const wrong = (path: string, what: string): Error => configUnreadable({ path, what });
