import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts, Program } from '../support/chain.ts';
import { ended, stopProcess } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { AgentClient } from './client.ts';

/** The real qemu-ga of the machine, on a unix socket. It is never told to shut down or to freeze. */
export class RealQemuGa {
  readonly path: string;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  constructor(directory: string, name = 'qemu-ga.sock') {
    this.#directory = directory;
    this.path = join(directory, name);
  }

  /** @param env in addition to this process's own */
  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    rmSync(this.path, { force: true });
    const child = spawn('qemu-ga', ['-m', 'unix-listen', '-p', this.path, '-t', this.#directory], {
      cwd: this.#directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    await until(() => {
      if (child.exitCode !== null) throw new Error(`qemu-ga ended:\n${said}`);
      return accepts(this.path);
    }, 'qemu-ga to listen');
  }

  /** It does nothing until it is told to `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    if (this.#process) await stopProcess(this.#process, signal);
    rmSync(this.path, { force: true });
  }
}

/** A clipmuxd as a stand-in for qemu-ga, in a directory of its own. */
export class StandIn {
  readonly directory = mkdtempSync(join(tmpdir(), 'clipmux-guest-agent-'));
  readonly path = join(this.directory, 'sock');
  readonly sessionSocket = join(this.directory, 'session.sock');
  readonly configPath = join(this.directory, 'clipmux.toml');
  readonly #clients: AgentClient[] = [];
  daemon: Program | undefined;

  /** @param config lines of the table [guest-agent] */
  async start(config: readonly string[] = [], ...options: string[]): Promise<Program> {
    writeFileSync(this.configPath, ['port = "unix:/nonexistent"', '[guest-agent]', ...config, ''].join('\n'));
    const args = ['-m', 'unix-listen', '-p', this.path, '-t', this.directory];
    const daemon = new Program('clipmuxd', [...args, '--no-logind', '--config', this.configPath, ...options]);
    this.daemon = daemon;
    await until(() => {
      if (daemon.process.exitCode !== null) throw new Error(`clipmuxd ended before it was ready:\n${daemon.log}`);
      return accepts(this.path);
    }, 'clipmuxd to listen');
    return daemon;
  }

  async connect(): Promise<AgentClient> {
    const client = await AgentClient.connect(this.path);
    this.#clients.push(client);
    return client;
  }

  /** Ends it as systemd would. @returns its exit status */
  async stop(): Promise<number | null> {
    for (const client of this.#clients.splice(0)) client.close();
    const child = this.daemon?.process;
    if (!child) return null;
    await stopProcess(child);
    await ended(child);
    return child.exitCode;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
