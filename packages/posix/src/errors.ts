/** What can go wrong with a piece of this package that needs native calls or the system's environment. */
export type PosixErrorCode =
  /** koffi's binary could not be loaded, so native calls are not possible in this process. */
  | 'native-unavailable'
  /** The socket has no file descriptor (any more). */
  | 'socket-closed'
  /** The process at the other end has ended. */
  | 'process-gone'
  /** A system call failed; `errno` has its number. */
  | 'system-call-failed'
  /** An environment variable set by systemd makes no sense. */
  | 'bad-environment';

/** The one error class of `@clipmux/posix` outside character devices (see `CharacterDeviceError`). */
export class PosixError extends Error {
  override readonly name = 'PosixError';
  readonly code: PosixErrorCode;
  /** The system call's errno, where one failed. */
  readonly errno: number | undefined;

  constructor(code: PosixErrorCode, message: string, details: { errno?: number; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errno = details.errno;
  }
}
