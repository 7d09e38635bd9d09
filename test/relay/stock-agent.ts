import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stopProcess } from '../support/processes.ts';
import { until, within } from '../support/wait.ts';
import type { Display } from '../support/xvfb.ts';

/** systemd's RestartSec= of our drop-in is longer; a test need not wait so long. */
const RESTART_MS = 300;

/**
 * The stock daemon and its session agent, the real ones, on a display. Both are started anew when they end, as their units do: the
 * daemon ends by itself where it cannot open its port, and the agent (0.22.1, by a fault of its own) when the daemon does.
 */
export class StockAgent {
  readonly #display: Display;
  readonly #port: string;
  readonly #directory: string;
  #daemon: ChildProcess | null = null;
  #agent: ChildProcess | null = null;
  #stopped = false;
  #log = '';

  /** @param port the socket that is the daemon's port; files that are dropped are put into `directory` */
  constructor(display: Display, port: string, directory: string) {
    this.#display = display;
    this.#port = port;
    this.#directory = directory;
  }

  /** What both have said, its end. */
  get log(): string {
    return this.#log;
  }

  async start(): Promise<void> {
    this.#startDaemon();
    await until(() => existsSync(this.#socket), `the stock daemon's socket:\n${this.#log}`);
    this.#startAgent();
  }

  signal(signal: NodeJS.Signals): void {
    this.#daemon?.kill(signal);
  }

  /** Ends the daemon; it is started anew. Resolves when it has ended. */
  async restart(): Promise<void> {
    const daemon = this.#daemon as ChildProcess;
    const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
    daemon.kill('SIGTERM');
    await within(ended, 'the stock daemon to end');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const child of [this.#agent, this.#daemon]) if (child) await stopProcess(child);
  }

  get #socket(): string {
    return join(this.#directory, 'stock.sock');
  }

  #startAgent(): void {
    const agent = this.#spawn('spice-vdagent', [
      ...['-x', '-d', '-s', this.#port, '-S', this.#socket, '-f', this.#directory, '-o', '0'],
    ]);
    this.#agent = agent;
    agent.once('exit', () => {
      if (!this.#stopped) setTimeout(() => this.#stopped || this.#startAgent(), RESTART_MS);
    });
  }

  #startDaemon(): void {
    const daemon = this.#spawn('spice-vdagentd', [
      // Foreground, no logind, a mouse device that is none.
      ...['-x', '-d', '-X', '-f', '-u', '/dev/null', '-s', this.#port, '-S', this.#socket],
    ]);
    this.#daemon = daemon;
    daemon.once('exit', () => {
      if (!this.#stopped) setTimeout(() => this.#stopped || this.#startDaemon(), RESTART_MS);
    });
  }

  #spawn(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, { env: this.#display.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const killAtExit = () => child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('exit', () => process.removeListener('exit', killAtExit));
    const keep = (piece: Buffer) => {
      this.#log = (this.#log + piece.toString()).slice(-8000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => {
      this.#log += `${command}: ${error.message}\n`;
    });
    return child;
  }
}
