import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { findHolder } from '@clipmux/posix';
import { run, stopProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';

/** TIOCEXCL of <asm-generic/ioctls.h>: from now on opening the terminal gives EBUSY, but to root (CAP_SYS_ADMIN). */
const TIOCEXCL = 0x540c;

/** A character device that another program has open for itself alone, as spice-vdagentd has a virtio port. */
export interface HeldDevice {
  readonly path: string;
  readonly holder: ChildProcess;
  release(): Promise<void>;
}

/**
 * A pseudo-terminal, held by a program of this name.
 * @param folder for the device's link and the program
 */
export async function holdDevice(folder: string, program: string): Promise<HeldDevice> {
  const path = join(folder, 'com.redhat.spice.0');
  // The kernel calls a process by its file's name. socat has the terminal that it makes open itself.
  const file = join(folder, program);
  copyFileSync(realpathSync('/usr/bin/socat'), file);
  chmodSync(file, 0o755);
  const holder = spawn(file, [`PTY,link=${path},rawer,mode=666`, 'PIPE'], { stdio: 'ignore' });
  await until(() => existsSync(path) && findHolder(path)?.name === program, `${program} to hold the terminal`);
  // The terminal remembers it for as long as somebody has it open.
  const { code, stderr } = await run('socat', ['-u', '/dev/null', `OPEN:${path},ioctl-void=${TIOCEXCL}`]);
  if (code !== 0) throw new Error(`the terminal could not be made exclusive: ${stderr}`);
  return { path, holder, release: () => stopProcess(holder) };
}
