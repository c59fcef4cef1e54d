export type { Clock } from './clock.ts';
export { isoUtc, systemClock } from './clock.ts';
export type { ErrorDefinition, ErrorKind, Facts, Retry } from './errors.ts';
export { asObservatoryError, defineError, isErrorOf, ObservatoryError, unexpected } from './errors.ts';
export type { Log, LogFields, LogLevel } from './log.ts';
export { formatLogLine, memoryLog, silentLog } from './log.ts';
export { nearestName } from './nearest-name.ts';
export type { Random } from './random.ts';
export { seededRandom } from './random.ts';
