// Runs a TypeScript file of this checkout after installing and building: node scripts/run.mjs FILE [arguments].
import { join } from 'node:path';
import { build, install, root, run } from './steps.mjs';

install();
build({ web: false, quiet: true });
const [file, ...rest] = process.argv.slice(2);
run(join(root, 'node_modules', '.bin', 'tsx'), [file, ...rest]);
