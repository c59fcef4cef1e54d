import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Runs one command from the build; says what to do when there is none. */
export async function runInstalled(command) {
  const entry = new URL('../dist/main.js', import.meta.url);
  if (!existsSync(fileURLToPath(entry))) {
    console.error(`${command}: this checkout is not built yet. Run: npm run build`);
    process.exit(3);
  }
  const { main } = await import(entry.href);
  await main(command, process.argv.slice(2));
}
