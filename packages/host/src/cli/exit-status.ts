import { HostError } from '../errors.ts';

/** What `clipmux-host` exits with. */
export const ExitStatus = {
  /** Done; also when ended by SIGTERM or SIGINT, and when a copy lost its selection to the guest. */
  OK: 0,
  /** A socket, a file or the guest failed, or the guest answered with an error. */
  FAILURE: 1,
  /** The command line is wrong. */
  USAGE: 2,
  /** `paste`, `get`: the guest owns nothing in this selection, or nothing in this type. */
  NOTHING: 3,
  /** The guest did not come, or did not answer, in time; or says that somebody there was too slow. */
  TIMED_OUT: 4,
} as const;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The status for an error that ended a command. */
export function exitStatusFor(error: unknown): number {
  if (error instanceof UsageError) return ExitStatus.USAGE;
  if (!(error instanceof HostError)) return ExitStatus.FAILURE;
  switch (error.code) {
    case 'nothing-to-paste':
    case 'type-not-offered':
    case 'refused':
      return ExitStatus.NOTHING;
    case 'timed-out':
      return ExitStatus.TIMED_OUT;
    default:
      return ExitStatus.FAILURE;
  }
}
