import { CharacterDeviceError } from '@clipmux/posix';

/** Why a port cannot be opened, or is open no longer. */
export type PortErrorCode =
  /** There is no such socket or device. */
  | 'missing'
  /** A socket file is there, but nobody listens on it. */
  | 'refused'
  /** Another process holds the device, or the listener's queue is full. */
  | 'busy'
  /** This user may not open it. */
  | 'denied'
  /** The device is there, but nobody is at the host's end. */
  | 'host-absent'
  /** The device was unplugged while open. */
  | 'gone'
  /** Opening was given up by us. */
  | 'aborted'
  /** The name given by the configuration or the command line is not one of a port. */
  | 'invalid-name'
  /** Something else; `cause` is the system's error. */
  | 'failed';

/** An error of a port; the message names the port and what to do. */
export class PortError extends Error {
  override readonly name = 'PortError';
  readonly code: PortErrorCode;

  constructor(code: PortErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Whatever a transport or its stream raised, as a PortError. */
export function toPortError(error: unknown): PortError {
  if (error instanceof PortError) return error;
  if (error instanceof CharacterDeviceError) return new PortError(error.code, error.message, error);
  return new PortError('failed', error instanceof Error ? error.message : String(error), error);
}
