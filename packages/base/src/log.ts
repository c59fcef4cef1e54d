/** Severity, in the names that the log line shows. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** Values that go with a line into the JSON log: frameId, module, runId, code … */
export type LogFields = Readonly<Record<string, unknown>>;

/** Port: where lines go. `component` is GP1, the name of a pipeline section, or a module's title. */
export interface Log {
  log(level: LogLevel, component: string, message: string, fields?: LogFields): void;
}

/** The console's line: `2026-11-23 05:12:07,412 - INFO - Reduction: …` (UTC). */
export function formatLogLine(atMs: number, level: LogLevel, component: string, message: string): string {
  const stamp = new Date(atMs).toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
  return `${stamp} - ${level} - ${component}: ${message}`;
}

export const silentLog: Log = { log: () => {} };

/** Keeps every line, for tests. */
export function memoryLog(): Log & {
  readonly lines: { level: LogLevel; component: string; message: string; fields?: LogFields }[];
} {
  const lines: { level: LogLevel; component: string; message: string; fields?: LogFields }[] = [];
  return {
    lines,
    log: (level, component, message, fields) => void lines.push({ level, component, message, ...(fields ? { fields } : {}) }),
  };
}
