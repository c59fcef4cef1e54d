import { asObservatoryError, formatLogLine, type Log } from '@colibri/base';
import { help, readCommandLine } from './command-line.ts';
import { startServer } from './server.ts';

const consoleLog: Log = {
  log: (level, component, message) => void process.stderr.write(`${formatLogLine(Date.now(), level, component, message)}\n`),
};

async function main(): Promise<void> {
  const options = readCommandLine(process.argv.slice(2), process.env);
  if (options === null) {
    process.stdout.write(help);
    return;
  }
  let wasAsked = false; // to end; also while it still starts
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        wasAsked = true;
        resolve();
      });
    }
  });
  const server = await startServer({ ...options, log: consoleLog });
  if (!wasAsked) await asked;
  await server.close();
  process.exit(0);
}

main().catch((error: unknown) => {
  const { code, message, hint } = asObservatoryError(error, 'The server');
  consoleLog.log('CRITICAL', 'Server', `${message} ${hint} (${code})`);
  process.exit(2);
});
