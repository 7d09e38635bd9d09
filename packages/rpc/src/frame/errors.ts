/** What can be wrong with a frame. Each of them ends the connection: where the next frame starts is no longer known. */
export type FrameErrorCode = 'unknown-frame-type' | 'frame-too-large' | 'frame-too-short' | 'frame-truncated';

/** Bytes that are not frames of this protocol. */
export class FrameError extends Error {
  /** What is wrong. */
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string) {
    super(message);
    this.name = 'FrameError';
    this.code = code;
  }
}
