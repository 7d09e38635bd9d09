/**
 * What clipmuxd knows of logind. Layers: `bus-connection` (the adapter of dbus-next) → `logind-link` (the bus and logind's name on it,
 * found again whenever they go) → `signals` and `session` (what comes off the bus, validated) → `model` and `objects` (sessions and
 * seats; pure) → `logind` (reads, coalesces, tells).
 */
export type { LogindAvailability, LogindUnavailableReason } from './availability.ts';
export { LogindError, type LogindErrorCode } from './errors.ts';
export { Logind, type LogindEvents, type LogindOptions } from './logind.ts';
export type { LogindSession } from './session.ts';
