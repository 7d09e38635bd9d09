/** The code of a {@link HostError}. */
export type HostErrorCode =
  | 'no-guest'
  | 'guest-disconnected'
  | 'clipboard-unavailable'
  | 'nothing-to-paste'
  | 'type-not-offered'
  | 'refused'
  | 'too-large'
  | 'timed-out'
  | 'unsupported-type'
  | 'nothing-to-copy'
  | 'file-changed'
  | 'not-a-file'
  | 'guest-present'
  | 'address-in-use'
  | 'address-invalid'
  | 'no-listener'
  | 'not-a-socket'
  | 'guest-error'
  | 'bad-answer'
  | 'too-many-commands';

/** Something that was asked of the host's end could not be done. */
export class HostError extends Error {
  override readonly name = 'HostError';
  /** What kind of failure it is. */
  readonly code: HostErrorCode;

  constructor(code: HostErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The guest agent answered a command with an error. `code` is `timed-out` where it says that somebody in the guest was too slow; that of a
 * clipboard that could not be read may be `nothing-to-paste` or `type-not-offered`; all others are `guest-error`.
 */
export class GuestCommandError extends HostError {
  /** `class` of the answer: `CommandNotFound`, `GenericError` or another. */
  readonly errorClass: string;

  /** @param description `desc` of the answer */
  constructor(errorClass: string, description: string, code: HostErrorCode = 'guest-error') {
    super(code, description);
    this.errorClass = errorClass;
  }
}
