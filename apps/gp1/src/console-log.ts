import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, formatLogLine, type Log, type LogLevel, systemClock } from '@colibri/base';
import { pino } from 'pino';

/** A log that can be brought to an end. */
export interface ClosableLog extends Log {
  close(): Promise<void>;
}

const pinoLevels: Record<LogLevel, 'debug' | 'info' | 'warn' | 'error' | 'fatal'> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
};

export interface OpenLogOptions {
  /** Folder for `gp1.jsonl`; none: the console alone. */
  readonly folder?: string;
  readonly write?: (line: string) => void;
  readonly clock?: Clock;
  /** DEBUG lines go to the file only, unless this is set. */
  readonly isVerbose?: boolean;
}

/** Lines of the familiar shape on the console, and the same as JSON lines in `<folder>/gp1.jsonl`. */
export function openLog({
  folder,
  write = (line) => process.stdout.write(`${line}\n`),
  clock = systemClock,
  isVerbose = false,
}: OpenLogOptions = {}): ClosableLog {
  let file: ReturnType<typeof pino.destination> | undefined;
  let json: ReturnType<typeof pino> | undefined;
  if (folder) {
    mkdirSync(folder, { recursive: true });
    file = pino.destination({ dest: join(folder, 'gp1.jsonl'), append: true, sync: true });
    const formatters = {
      level: (label: string) => ({ level: Object.entries(pinoLevels).find(([, name]) => name === label)?.[0] ?? label }),
    };
    json = pino(
      { level: 'debug', base: null, timestamp: () => `,"t":"${new Date(clock.now()).toISOString()}"`, formatters },
      file,
    );
  }
  return {
    log(level, component, message, fields) {
      // Text of headers reaches the log: a line break in it must not forge a line.
      const line = message.replace(/\p{Cc}+/gu, ' ');
      if (level !== 'DEBUG' || isVerbose) write(formatLogLine(clock.now(), level, component, line));
      json?.[pinoLevels[level]]({ component, ...fields }, line);
    },
    async close() {
      file?.flushSync();
      file?.end();
    },
  };
}
