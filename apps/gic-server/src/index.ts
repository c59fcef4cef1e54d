export * as serverErrors from './errors.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
