/** Why logind could not be asked, or what its answer was. */
export type LogindErrorCode =
  /** The bus address is not one that clipmuxd can use. */
  | 'bad-address'
  /** The bus cannot be reached, or refuses us. */
  | 'no-bus'
  /** The connection to the bus was closed, by the bus or by us. */
  | 'closed'
  /** There is no logind to ask at present. */
  | 'unavailable'
  /** No reply within the time-out. */
  | 'timed-out'
  /** The answer was a D-Bus error; `errorName` says which. */
  | 'refused'
  /** The answer is not what logind's interface promises. */
  | 'invalid'
  /** Too many calls are waiting. */
  | 'busy';

/** An error of logind or of the bus that leads to it; the message says what was asked, and what to do if something can be done. */
export class LogindError extends Error {
  override readonly name = 'LogindError';
  readonly code: LogindErrorCode;
  /** The D-Bus name of the error, such as `org.freedesktop.login1.NoSessionForPID`; only for `refused`. */
  readonly errorName: string | undefined;

  constructor(code: LogindErrorCode, message: string, details: { cause?: unknown; errorName?: string } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errorName = details.errorName;
  }
}

/** Whatever was thrown, as a LogindError. */
export function toLogindError(error: unknown): LogindError {
  if (error instanceof LogindError) return error;
  return new LogindError('no-bus', error instanceof Error ? error.message : String(error), { cause: error });
}
