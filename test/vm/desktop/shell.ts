import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Outcome, run } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';

/** A command in the guest, on an emulated processor. */
const COMMAND_TIMEOUT_MS = 120_000;

export interface CommandOptions {
  readonly input?: Uint8Array | string;
  readonly timeoutMs?: number;
}

/** Root's shell in the guest: one ssh connection, on which each command is a channel of its own. */
export class Shell {
  readonly #options: readonly string[];

  constructor(port: number, key: string, folder: string) {
    this.#options = [
      ...['-F', '/dev/null', '-p', String(port), '-i', key],
      // The guest is ours, reached over this machine's loopback, and made anew for each run.
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
      ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'],
      ...['-o', 'ControlMaster=auto', '-o', 'ControlPersist=yes', '-o', `ControlPath=${join(folder, 'ssh.sock')}`],
    ];
  }

  /** Resolves when the guest lets root in. */
  async ready(timeoutMs: number): Promise<void> {
    await until(
      async () => {
        // Its own output must not be waited for: the master that stays behind holds it open.
        const attempt = await run('ssh', [...this.#options, '-f', '-N', 'root@127.0.0.1'], { timeoutMs: 30_000 }).catch(
          () => undefined,
        );
        return attempt?.code === 0;
      },
      'the guest to let root in',
      timeoutMs,
    );
  }

  /** Runs a shell script. */
  run(script: string, options: CommandOptions = {}): Promise<Outcome> {
    return run('ssh', [...this.#options, 'root@127.0.0.1', script], { timeoutMs: COMMAND_TIMEOUT_MS, ...options });
  }

  /** As `run`, and fails where the script does. Returns what it wrote. */
  async succeed(script: string, options: CommandOptions = {}): Promise<string> {
    return (await this.bytes(script, options)).toString();
  }

  /** As `succeed`, for content that is no text. */
  async bytes(script: string, options: CommandOptions = {}): Promise<Buffer> {
    const { code, stdout, stderr } = await this.run(script, options);
    if (code !== 0)
      throw new Error(`in the guest, '${script}' ended with ${code}: ${stderr} ${stdout.subarray(0, 2000)}`);
    return stdout;
  }

  /** Starts a program that goes on. */
  start(script: string): ChildProcess {
    return spawn('ssh', [...this.#options, 'root@127.0.0.1', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await run('ssh', [...this.#options, '-O', 'exit', 'root@127.0.0.1']).catch(() => {});
  }
}
