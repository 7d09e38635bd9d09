import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import {
  CONTROL_METHODS,
  type ControlMethod,
  type ControlParams,
  type ControlResult,
  ControlWire,
  type PeerMethod,
  parseFields,
} from '@clipmux/rpc';
import type { CtlIo } from './io.ts';
import { main } from './main.ts';

/** What a clipmuxd of a test answers; methods that are left out do not exist. */
export type Answers = {
  readonly [M in ControlMethod]?: (params: ControlParams<M>, wire: ControlWire) => ControlResult<M>;
};

/** A control socket that answers by a table: for the tests of clipmuxctl. */
export class FakeClipmuxd {
  readonly #folder = mkdtempSync(join(tmpdir(), 'clipmux-ctl-'));
  readonly path = join(this.#folder, 'control.sock');
  readonly #server: Server;
  readonly wires: ControlWire[] = [];
  /** The calls that came, with their parameters. */
  readonly calls: [string, unknown][] = [];

  private constructor(answers: Answers) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const methods = new Map<string, PeerMethod>();
      for (const [name, answer] of Object.entries(answers)) {
        const { params: schema } = CONTROL_METHODS[name as ControlMethod];
        methods.set(name, {
          kind: 'call',
          parse: (params) => parseFields(schema, params),
          handle: (params) => {
            this.calls.push([name, params]);
            return (answer as (params: unknown, wire: ControlWire) => unknown)(params, wire);
          },
        });
      }
      const wire = new ControlWire(socket, { role: 'server', methods, closed: () => {} });
      this.wires.push(wire);
    });
  }

  static async start(answers: Answers): Promise<FakeClipmuxd> {
    const daemon = new FakeClipmuxd(answers);
    await new Promise<void>((resolve) => daemon.#server.listen(daemon.path, resolve));
    return daemon;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const wire of this.wires) wire.close();
    await closed;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What clipmuxctl left behind. */
export interface Ran {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly isTTY?: boolean;
  readonly ended?: AbortSignal;
  /** Sees the output as it grows. */
  readonly output?: (text: string) => void;
}

/** Runs clipmuxctl in this process. */
export async function runCtl(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const into = (list: Buffer[]) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        list.push(chunk);
        if (list === stdout) options.output?.(Buffer.concat(stdout).toString());
        done();
      },
    });
  const stdin = new PassThrough();
  stdin.end(options.stdin ?? '');
  const io: CtlIo = {
    stdin,
    stdout: Object.assign(into(stdout), { isTTY: options.isTTY ?? false }),
    stderr: into(stderr),
    env: options.env ?? {},
    now: () => 1_700_000_100_000,
    ended: () => options.ended ?? new AbortController().signal,
  };
  const status = await main(argv, io);
  return { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}
