import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { processName } from '../process-name.ts';

/** A process that has a device open. */
export interface DeviceHolder {
  readonly pid: number;
  /** See {@link processName}. */
  readonly name: string;
}

/**
 * The first process other than ourselves that has `path` open, or undefined if there is none that we may see: other users'
 * descriptors are visible to root only (proc_pid_fd(5)).
 */
export function findHolder(path: string, ownPid: number = process.pid): DeviceHolder | undefined {
  const device = tryOr(() => realpathSync(path), path);
  for (const entry of tryOr(() => readdirSync('/proc'), [])) {
    if (!/^\d+$/.test(entry) || Number(entry) === ownPid) continue;
    const folder = join('/proc', entry, 'fd');
    for (const fd of tryOr(() => readdirSync(folder), [])) {
      if (tryOr(() => readlinkSync(join(folder, fd)), '') !== device) continue;
      return { pid: Number(entry), name: tryOr(() => processName(join('/proc', entry)), 'unknown') };
    }
  }
  return undefined;
}

/** Processes end while one looks at them. */
function tryOr<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}
