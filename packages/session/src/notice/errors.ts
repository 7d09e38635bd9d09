/** Why a notice could not be shown. */
export type NoticeErrorCode =
  /** There is no session bus, or its address is none that can be used. */
  | 'no-bus'
  /** The session has no notification service, and the bus knows none to start. */
  | 'no-service'
  /** The service answered with an error. */
  | 'refused'
  /** It took longer than is allowed. */
  | 'timed-out'
  /** The agent is ending. */
  | 'cancelled';

/** A notice was not shown; nothing else is harmed. */
export class NoticeError extends Error {
  override readonly name = 'NoticeError';
  readonly code: NoticeErrorCode;

  constructor(code: NoticeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
