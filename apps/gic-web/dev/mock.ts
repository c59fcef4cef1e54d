import { startMock } from './mock-server.ts';

// npx tsx apps/gic-web/dev/mock.ts [port] [--empty] [--frames N] [--real-time]: the built page on an invented night.
const flag = (name: string) => process.argv.includes(name);
const number = (name: string) => {
  const index = process.argv.indexOf(name);
  return index < 0 ? undefined : Number(process.argv[index + 1]);
};
const frames = number('--frames');
const port = Number(process.argv[2]);
const mock = await startMock({
  port: Number.isFinite(port) ? port : 8470,
  empty: flag('--empty'),
  simulation: !flag('--real-time'),
  ...(frames === undefined ? {} : { frames }),
});
console.log(mock.url);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void mock.close().then(() => process.exit(0)));
