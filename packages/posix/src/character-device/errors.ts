/** What can be wrong with a character device. */
export type CharacterDeviceErrorCode =
  /** There is no such device (ENOENT), or none behind its node (ENXIO, ENODEV at opening). */
  | 'missing'
  /** Another process has it open (EBUSY): a virtio port has one opener. */
  | 'busy'
  /** We may not open it (EACCES, EPERM). */
  | 'denied'
  /** It is open, but nobody is at the host's end. */
  | 'host-absent'
  /** It was unplugged while open (ENODEV, EIO). */
  | 'gone'
  /** Opening was given up through its AbortSignal, or the device object was closed. */
  | 'aborted'
  /** Something else; `cause` is the system's error. */
  | 'failed';

/** An error of a character device; the message names the device and what to do. */
export class CharacterDeviceError extends Error {
  override readonly name = 'CharacterDeviceError';
  readonly code: CharacterDeviceErrorCode;
  /** Path as it was given. */
  readonly path: string;

  constructor(code: CharacterDeviceErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}
