import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostEndpoint, type HostListener, type HostOptions, listen } from '@clipmux/host';
import { ended, stopProcess } from './processes.ts';
import { until, within } from './wait.ts';
import type { Copier } from './xclip.ts';
import { type Display, startXvfb, type Xvfb } from './xvfb.ts';

const DIST = join(import.meta.dirname, '../../dist');

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The one that runs the tests unless told otherwise. */
  readonly node?: string;
  /** Where the built programs are; `dist` unless told otherwise. */
  readonly dist?: string;
  /** Whom it runs as, without further groups; the user of the tests unless told otherwise. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A program of ours under test, with what it has said so far. */
export class Program {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  #waiting: (() => void)[] = [];

  constructor(name: string, args: readonly string[], options: ProgramOptions = {}) {
    this.process = spawn(options.node ?? process.execPath, [join(options.dist ?? DIST, `${name}.cjs`), ...args], {
      env: options.env ?? process.env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // With a uid libuv gives up all further groups (setgroups(0, NULL)).
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    });
    let rest = '';
    this.process.stderr?.on('data', (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.process.once('exit', () => {
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** What it has written to its log. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Waits until a line of the log matches, counting from line `from`. Returns the number of lines up to it. */
  async said(pattern: RegExp, from = 0): Promise<number> {
    const search = async (): Promise<number> => {
      for (;;) {
        const index = this.#lines.findIndex((line, number) => number >= from && pattern.test(line));
        if (index >= 0) return index + 1;
        if (this.process.exitCode !== null || this.process.signalCode !== null) {
          throw new Error(`it ended before it said ${pattern}:\n${this.log}`);
        }
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    };
    return within(search(), `${pattern} in the log:\n${this.log}`);
  }

  get lines(): number {
    return this.#lines.length;
  }

  async exit(): Promise<number | null> {
    await within(ended(this.process), 'the program to end');
    return this.process.exitCode;
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await stopProcess(this.process, signal);
  }
}

/** Whether somebody accepts connections there. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** The whole chain on real parts: host endpoint, clipmuxd, an X display and its agent. */
export interface Chain {
  readonly host: HostEndpoint;
  readonly xvfb: Display;
  readonly directory: string;
  readonly portSocket: string;
  readonly sessionSocket: string;
  /** Write to it and send SIGHUP to change the configuration. */
  readonly configPath: string;
  daemon: Program;
  agent: Program;
  /** Programs that copied in the guest; `stop` ends them, so that the next chain on the display finds its selections empty. */
  readonly copiers: Copier[];
  startDaemon(): Promise<Program>;
  startAgent(): Promise<Program>;
  /** Resolves when the host knows what the guest can and the time for standing offers has passed. */
  settled(): Promise<void>;
  listenAgain(): Promise<void>;
  closeListener(): Promise<void>;
  stop(): Promise<void>;
}

export interface ChainOptions {
  readonly host?: HostOptions;
  /** A display that runs already, and is left running; else an Xvfb of the chain's own. */
  readonly display?: Display;
  readonly logLevel?: string;
  readonly node?: string;
  /** What clipmuxd's configuration says. Default: that PRIMARY crosses to any host, which by default it does not to QEMU's. */
  readonly config?: string;
  /** Called with the host endpoint before a guest can connect: to listen to its events from the first on. */
  readonly beforeDaemon?: (host: HostEndpoint) => void;
  /** Whether to wait until the host has settled. Default: yes; a host without a clipboard never does. */
  readonly settles?: boolean;
}

/** Starts all of it; where a part does not start, stops those that did. */
export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const parts: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const stopPart of parts.splice(0).reverse()) await stopPart();
  };
  try {
    return await build(options, (stopPart) => parts.push(stopPart), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @param began is told how to stop each part, as it has begun
 * @param stop stops all that has begun, the last first
 */
async function build(
  options: ChainOptions,
  began: (stopPart: () => Promise<unknown>) => void,
  stop: () => Promise<void>,
): Promise<Chain> {
  const directory = await mkdtemp(join(tmpdir(), 'clipmux-'));
  began(() => rm(directory, { recursive: true, force: true }));
  const portSocket = join(directory, 'port.sock');
  const sessionSocket = join(directory, 'session.sock');
  const level = ['--log-level', options.logLevel ?? 'debug'];
  const node = options.node === undefined ? {} : { node: options.node };
  const host = new HostEndpoint(options.host);
  options.beforeDaemon?.(host);
  let listener: HostListener | null = await listen(portSocket, host);
  began(async () => listener?.close());
  const configPath = join(directory, 'clipmux.toml');
  await writeFile(configPath, options.config ?? '[primary]\ndirection = "both"\n');
  const own: Xvfb | null = options.display ? null : await startXvfb();
  began(async () => own?.stop());
  const copiers: Chain['copiers'] = [];
  began(() => Promise.all(copiers.map((copier) => copier.stop())));
  const xvfb = options.display ?? (own as Xvfb);

  const startDaemon = async (): Promise<Program> => {
    const daemon = new Program(
      'clipmuxd',
      [
        '--port',
        `unix:${portSocket}`,
        '--session-socket',
        sessionSocket,
        '--config',
        configPath,
        '--no-logind',
        ...level,
      ],
      node,
    );
    began(() => daemon.stop());
    await until(() => {
      if (daemon.process.exitCode !== null) throw new Error(`clipmuxd ended before it was ready:\n${daemon.log}`);
      return accepts(sessionSocket);
    }, 'clipmuxd to be ready');
    return daemon;
  };
  const startAgent = async (): Promise<Program> => {
    const agent = new Program('clipmux-session', ['--socket', sessionSocket, '--display', xvfb.display, ...level], {
      env: xvfb.env,
      ...node,
    });
    began(() => agent.stop());
    await agent.said(/connected to clipmuxd/);
    return agent;
  };
  const capable = once(host, 'capabilities');
  const chain: Chain = {
    host,
    xvfb,
    directory,
    portSocket,
    sessionSocket,
    configPath,
    daemon: await startDaemon(),
    agent: undefined as unknown as Program, // started below, once clipmuxd is there
    copiers,
    startDaemon,
    startAgent,
    settled: async () => {
      if (!host.guestCapabilities) await within(once(host, 'capabilities'), 'the guest to announce itself');
      await chain.daemon.said(/the host has settled/);
    },
    listenAgain: async () => {
      listener = await listen(portSocket, host);
    },
    closeListener: async () => {
      host.disconnect();
      await listener?.close();
      listener = null;
    },
    stop,
  };
  chain.agent = await startAgent();
  await within(capable, 'the guest to announce itself');
  if (options.settles ?? true) await chain.settled();
  return chain;
}
