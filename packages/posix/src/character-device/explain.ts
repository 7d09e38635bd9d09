import { CharacterDeviceError } from './errors.ts';
import { type DeviceHolder, findHolder } from './holder.ts';

/** The typed error for what open(2) said. */
export function explainOpenError(path: string, error: unknown): CharacterDeviceError {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENXIO':
    case 'ENODEV':
      return new CharacterDeviceError(
        'missing',
        path,
        `${path} does not exist: give the virtual machine a virtio-serial port of that name, or name another one with --port`,
        error,
      );
    case 'EBUSY':
      return new CharacterDeviceError('busy', path, busyMessage(path, findHolder(path)), error);
    case 'EACCES':
    case 'EPERM':
      return new CharacterDeviceError(
        'denied',
        path,
        `${path} may not be opened by this user: run as root, or give the user access with a udev rule`,
        error,
      );
    default:
      return failed(path, 'opened', error);
  }
}

/** The typed error for what read(2) or write(2) said. */
export function explainTransferError(path: string, error: unknown): CharacterDeviceError {
  if (error instanceof CharacterDeviceError) return error;
  switch (codeOf(error)) {
    case 'ENODEV':
    case 'ENXIO':
    case 'EIO':
      return new CharacterDeviceError('gone', path, `${path} was unplugged or hung up`, error);
    default:
      return failed(path, 'used', error);
  }
}

export function busyMessage(path: string, holder: DeviceHolder | undefined): string {
  return holder === undefined
    ? `${path} is held by another process (fuser -v ${path}, as root, names it): stop it, or name another port with --port`
    : `${path} is held by another process (${holder.name}, pid ${holder.pid}): stop it (a service: systemctl disable --now ` +
        `${holder.name}), or name another port with --port`;
}

export function hostAbsent(path: string): CharacterDeviceError {
  return new CharacterDeviceError('host-absent', path, `${path}: nobody is at the host's end`);
}

function failed(path: string, action: string, error: unknown): CharacterDeviceError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CharacterDeviceError('failed', path, `${path} cannot be ${action}: ${reason}`, error);
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
