import type { LogindError } from './errors.ts';

/**
 * Why logind tells nothing. no-bus: the system bus cannot be reached · no-logind: nobody of that name is on the bus · no-answer: it does
 * not answer, or only with errors · lost: it was there, and has been gone or silent for longer than a restart takes.
 */
export type LogindUnavailableReason = 'no-bus' | 'no-logind' | 'no-answer' | 'lost';

/** What was told last. `error` is for people; it is undefined while logind is available. */
export interface LogindAvailability {
  readonly available: boolean;
  readonly reason: LogindUnavailableReason | undefined;
  readonly error: LogindError | undefined;
}
