/** Why content of a selection could not be had. */
export type SelectionErrorCode =
  /** No program owns the selection (clipmux may own it itself). */
  | 'no-owner'
  /** The owner does not offer that type. */
  | 'type-unavailable'
  /** The owner answered that it will not give it (SelectionNotify with property None). */
  | 'owner-refused'
  /** The owner's window or connection went before it had given everything. */
  | 'owner-died'
  /** Another copy took the selection meanwhile: what was asked for is not what it holds now. */
  | 'owner-changed'
  /** The owner made no progress for the permitted time. */
  | 'timed-out'
  /** The content is longer than the caller's `maxBytes`. */
  | 'too-large'
  /** The owner's answer cannot be understood: wrong format, or text in an encoding that is not known. */
  | 'bad-answer'
  /** The caller's signal aborted the read. */
  | 'aborted'
  /** More is under way than the named limit permits. */
  | 'too-many'
  /** A type handed to `own` is no valid name, or there are too many. */
  | 'bad-type';

/** A selection could not be read or owned. The backend goes on working. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
  readonly code: SelectionErrorCode;

  constructor(code: SelectionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why there is no connection to the display. */
export type DisplayErrorCode =
  /** DISPLAY is empty or cannot be understood. */
  | 'display-invalid'
  /** Nothing answers at that address. */
  | 'display-unreachable'
  /** The server turned us away: the cookie is missing or wrong. */
  | 'display-refused'
  /** The connection ended, or the server did not answer in time. */
  | 'display-lost'
  /** The server lacks the XFIXES extension, without which a change of owner cannot be seen. */
  | 'xfixes-missing';

/** The display cannot be used, or no longer. The backend is finished; its message says what to do. */
export class DisplayError extends Error {
  override readonly name = 'DisplayError';
  readonly code: DisplayErrorCode;

  constructor(code: DisplayErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
