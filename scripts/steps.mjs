// The steps that `npm start`, `npm test`, `npm run build` … share: install when needed, build what changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the foreground; ends this process with its code when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) {
    console.error(`${command} could not be started: ${error.message}`);
    process.exit(3);
  }
  if (status !== 0) process.exit(status ?? (signal ? 130 : 1));
}

/** `npm ci` when the installed tree is not the one of the lock file. */
export function install() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && sameLock(installed)) return;
  console.log('Installing dependencies (npm ci, about half a minute) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

function sameLock(installed) {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(installed, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.link || entry.optional || present[path]?.version === entry.version,
  );
}

const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Compiles the packages and the SIMD kernels, and with `web` the page too. */
export function build({ web = true, quiet = false } = {}) {
  if (!quiet) console.log('Building packages …');
  run(bin('tsc'), ['-b']);
  run('npm', ['run', '--silent', 'build', '-w', '@colibri/numerics']);
  if (!web) return;
  if (!quiet) console.log('Building the page …');
  run('npm', ['run', '--silent', 'build', '-w', '@colibri/gic-web']);
}
