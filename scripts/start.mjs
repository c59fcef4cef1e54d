// `npm start`: installs, builds, then plays a night: database, server, GP1 and the simulated observatory, until Ctrl-C.
// `npm start -- --port 8471 --rate 30 --size 1024 --fresh`
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, root, run } from './steps.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8470' },
    rate: { type: 'string', default: '10' },
    size: { type: 'string', default: '1024' },
    dir: { type: 'string', default: join(root, '.colibri') },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'npm start [-- --port 8470] [--rate 10: simulated seconds per second] [--size 1024: side of the detectors] [--dir .colibri] [--fresh: forget the earlier night]',
  );
  process.exit(0);
}

install();
build();

const { dir } = values;
if (values.fresh) rmSync(dir, { recursive: true, force: true });
const at = (...parts) => join(dir, ...parts);
for (const folder of ['raw', 'log', 'workspace/alerts', 'workspace/guests', 'config/alerts', 'config/guests', 'simulator'])
  mkdirSync(at(folder), { recursive: true });
writeConfiguration();

const node = (entry, ...args) => [process.execPath, [join(root, 'apps', entry), ...args]];
const catalogCsv = at('simulator', `refcat-${values.size}.csv`);
if (!existsSync(catalogCsv)) {
  console.log('Importing the reference catalogue of the pretend sky …');
  run(...node('simulator/dist/main.js', '--catalog', catalogCsv, '--size', values.size));
  run(...node('gp1/bin/gp1.mjs', 'catalog', 'import', catalogCsv, '--name', 'ps1-simulated', '--catalog', at('catalogs')));
}

const port = await freePort(Number(values.port));
const children = [];
let ending = false;
start(
  'server',
  ...node(
    'gic-server/dist/main.js',
    '--port',
    String(port),
    '--data-dir',
    at('database'),
    '--gp1-config',
    at('gp1.cfg'),
    '--simulation',
    at('simulator', 'simulation.json'),
  ),
);
await answering(port);
start('gp1', ...node('gp1/bin/gp1.mjs', '--config', at('gp1.cfg')));
start(
  'simulator',
  ...node(
    'simulator/dist/main.js',
    '--output',
    at('raw'),
    '--state',
    at('simulator'),
    '--rate',
    values.rate,
    '--size',
    values.size,
  ),
);
console.log(
  `\n  The night is on  http://127.0.0.1:${port}/\n  Ctrl-C ends it; the next npm start goes on where it stopped (npm start -- --fresh begins anew).\n`,
);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(0));

/** Starts one part; when one ends by itself with a fault, the night ends. */
function start(name, command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  children.push({ name, child });
  child.on('exit', (code) => {
    if (ending || (name === 'simulator' && code === 0)) return;
    console.error(`${name} ended with code ${code}.`);
    void end(1);
  });
}

/** Asks every part to end, the newest first, so that the database goes last. */
async function end(code) {
  if (ending) return;
  ending = true;
  console.log('Ending the night …');
  for (const { child } of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(late);
  }
  process.exit(code);
}

/** The wanted port, or the next free one. */
async function freePort(wanted) {
  for (let candidate = wanted; candidate < wanted + 20; candidate++) {
    const free = await new Promise((resolve) => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .listen(candidate, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return candidate;
  }
  throw new Error(`No free port from ${wanted} to ${wanted + 19}.`);
}

async function answering(onPort) {
  const limit = Date.now() + 60_000;
  while (Date.now() < limit && !ending) {
    const ok = await fetch(`http://127.0.0.1:${onPort}/health/ready`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  if (!ending) throw new Error('The server did not become ready within 60 s.');
}

/** gp1.cfg with two pipelines: SVOM's alerts, and everybody else's objects. */
function writeConfiguration() {
  const pipeline = (name, observer) => `
[${name}]
processing_strategy = standard
identifier_header = EXPTYPE,OBSERVER
identifier_value = object,${observer}
configuration_path_dir = ${at('config', name)}
workspace_dir = ${at('workspace', name)}
`;
  const gp1 = `# Written by npm start.
[General]
input = ${at('raw')}
log_path = ${at('log')}
state_dir = ${at('log', 'state')}
catalog = ${at('catalogs')}
masters_dir = ${at('masters')}
database = embedded
unit_settle_seconds = 20
workers = 2
database_dir = ${at('database')}
${pipeline('alerts', 'svom')}${pipeline('guests', 'guest')}`;
  writeFileSync(at('gp1.cfg'), gp1);
  for (const name of ['alerts', 'guests']) {
    writeFileSync(
      at('config', name, 'pipeline.cfg'),
      `[Workspace]
headers = TRGID,INSTRUME,FILTER

[Input and Output]
input = ${at('raw')}
output = ${at('workspace', name)}

[Structure of pipeline]
reduction = yes
findstars = yes
astrometry = yes
${['alignment', 'stacking', 'Photometry', 'Image subtraction', 'Summary'].map((module) => `${module} = ${name === 'alerts' ? 'yes' : 'no'}`).join('\n')}

[Strategy processing]
mode = standard
`,
    );
  }
}
