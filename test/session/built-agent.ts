import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaemonWire, RpcError, type Selection } from '@clipmux/rpc';
import { Program } from '../support/chain.ts';
import { within } from '../support/wait.ts';
import type { Display } from '../support/xvfb.ts';

/** What the agent has told. */
export type Told =
  | { kind: 'grab'; selection: Selection; types: string[]; seen: number; secret: boolean }
  | { kind: 'release'; selection: Selection; seen: number };

/** The agent as it is built, on a display, with a test in clipmuxd's place. */
export class BuiltAgent {
  readonly program: Program;
  readonly wire: DaemonWire;
  readonly #directory: string;
  readonly #server: Server;
  readonly #told: Told[];
  readonly #wake: { call: () => void };

  static async start(display: Display, environment: NodeJS.ProcessEnv = {}): Promise<BuiltAgent> {
    const directory = await mkdtemp(join(tmpdir(), 'clipmux-'));
    const path = join(directory, 'session.sock');
    const told: Told[] = [];
    const wake = { call: () => {} };
    const tell = (what: Told) => {
      told.push(what);
      wake.call();
    };
    let connected: (wire: DaemonWire) => void = () => {};
    const connection = new Promise<DaemonWire>((resolve) => {
      connected = resolve;
    });
    const server = createServer((socket) => {
      const wire: DaemonWire = new DaemonWire(socket, {
        'session.hello': () => ({ session: 1, daemon: { version: 'test' } }),
        ready: () => connected(wire),
        'selection.grab': (params) => tell({ kind: 'grab', ...params }),
        'selection.release': (params) => tell({ kind: 'release', ...params }),
        'selection.request': () => {
          throw new RpcError('no-owner', 'the host has nothing');
        },
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const args = ['--socket', path, '--display', display.display, '--log-level', 'debug'];
    const program = new Program('clipmux-session', args, { env: { ...display.env, ...environment } });
    const wire = await within(connection, `the agent to connect: ${program.log}`);
    return new BuiltAgent({ program, wire, directory, server, told, wake });
  }

  private constructor(parts: {
    program: Program;
    wire: DaemonWire;
    directory: string;
    server: Server;
    told: Told[];
    wake: { call: () => void };
  }) {
    this.program = parts.program;
    this.wire = parts.wire;
    this.#directory = parts.directory;
    this.#server = parts.server;
    this.#told = parts.told;
    this.#wake = parts.wake;
  }

  /** Takes the oldest of what it has told, and waits where there is nothing. */
  async next(): Promise<Told> {
    while (this.#told.length === 0) {
      const woken = new Promise<void>((resolve) => {
        this.#wake.call = resolve;
      });
      await within(woken, `the agent to tell something: ${this.program.log}`);
    }
    return this.#told.shift() as Told;
  }

  async stop(): Promise<void> {
    await this.program.stop();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
