/** Looks at a guest whose disk is frozen. All of it works there: nothing writes to the disk. */
import { until } from '../../support/wait.ts';
import type { RunningDesktop } from '../desktop/desktop.ts';

/** Where the kernel's tracer is (https://docs.kernel.org/trace/ftrace.html). */
const TRACER = '/sys/kernel/tracing';

/** clipmuxd's process as the kernel sees it. */
export interface ProcessLook {
  /** State of each thread: `S` sleeps, `D` hangs in the kernel. */
  readonly threads: readonly string[];
  /** Bytes that it has sent to a disk since it started. */
  readonly diskBytes: number;
}

/** Looks at a process. */
export async function look(desktop: RunningDesktop, pid: number): Promise<ProcessLook> {
  const text = await desktop.shell.succeed(`ps -L -o stat= -p ${pid}; echo =; cat /proc/${pid}/io`);
  const [states = '', io = ''] = text.split('=');
  return { threads: states.trim().split(/\s+/), diskBytes: Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]) };
}

/** The unit's main process. */
export const mainPid = async (desktop: RunningDesktop, unit: string): Promise<number> =>
  Number(await desktop.shell.succeed(`systemctl show --property MainPID --value ${unit}`));

/** Notes, in memory, each write of a process to its standard error, which is the journal. Returns a function that tells how many there were. */
export async function countLogWrites(desktop: RunningDesktop, pid: number): Promise<() => Promise<number>> {
  await desktop.shell.succeed(
    `cd ${TRACER} && echo 0 >tracing_on && echo >trace && cd events/syscalls/sys_enter_write && ` +
      `echo 'fd == 2 && common_pid == ${pid}' >filter && echo 1 >enable && echo 1 >${TRACER}/tracing_on`,
  );
  return async () => Number(await desktop.shell.succeed(`grep -c 'sys_write' ${TRACER}/trace || true`));
}

/** A program that writes to the disk. It has ended when the disk has taken it. */
export interface Writer {
  /** Resolves when the kernel makes it wait for the thaw. */
  waits(): Promise<void>;
  /** Resolves when it has ended. */
  readonly written: Promise<void>;
  readonly hasWritten: () => boolean;
}

/** Starts to write a file of that path. */
export function startWriting(desktop: RunningDesktop, path: string): Writer {
  let done = false;
  const child = desktop.shell.start(`exec dd if=/dev/zero of=${path} bs=1k count=1`);
  const written = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      done = true;
      if (code === 0) resolve();
      else reject(new Error(`dd ended with ${code}`));
    });
  });
  written.catch(() => {});
  const waits = () =>
    until(
      async () => /^D/.test(await desktop.shell.succeed('ps -o stat= -C dd || true')),
      `the write of ${path} to wait for the thaw`,
      60_000,
    );
  return { waits, written, hasWritten: () => done };
}
