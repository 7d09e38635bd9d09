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
  | 'guest-present'
  | 'address-in-use'
  | 'not-a-socket';

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
