// Compiles as/*.ts to dist/kernels.wasm. Flags are pinned by measurement: no runtime, no assertions, no statics, plain SIMD
// (relaxed SIMD would make results depend on the processor). Warnings are errors: mixing usize and i32 is how offsets go wrong.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));

export function buildKernels(target = join(root, 'dist/kernels.wasm')) {
  mkdirSync(dirname(target), { recursive: true });
  const require = createRequire(import.meta.url);
  const packageFile = require.resolve('assemblyscript/package.json');
  const asc = join(dirname(packageFile), JSON.parse(readFileSync(packageFile, 'utf8')).bin.asc);
  const temporary = `${target}.${process.pid}`;
  const flags =
    '--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --noExportMemory --runtime stub -O3 --noAssert --debug';
  const run = spawnSync(
    process.execPath,
    [asc, 'as/index.ts', ...flags.split(' '), '--enable', 'simd', '--enable', 'threads', '-o', temporary],
    { cwd: root, encoding: 'utf8' },
  );
  const said = `${run.stdout}${run.stderr}`.trim();
  if (run.status !== 0 || said !== '') throw new Error(`asc: ${said || `exit code ${run.status}`}`);
  renameSync(temporary, target);
  return target;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) buildKernels();
