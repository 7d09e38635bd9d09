import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from '@clipmux/posix';
import {
  type CancelSignal,
  ControlWire,
  type HostCallQuestion,
  type PeerMethod,
  parseHostCall,
  parseServe,
  RpcError,
  type ServeRequest,
  type SessionCall,
} from '@clipmux/rpc';
import { PROGRAM_CONNECTIONS_MAX } from './limits.ts';
import { ServedMethods } from './served-methods.ts';

/** Calls the host for a program. @throws {RpcError} */
export type CallHost = (question: HostCallQuestion, signal: CancelSignal) => Promise<unknown>;

/**
 * The agent's own socket, on which programs of its session call the host, and serve methods for it: JSON-RPC 2.0, one object a line. It lies in
 * the user's runtime directory, in a folder that only this user may enter, so the kernel keeps all others out. A program that leaves takes its
 * calls back, and its methods are free.
 */
export class ProgramServer {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #callHost: CallHost;
  readonly #served = new ServedMethods();
  readonly #wires = new Set<ControlWire>();
  #server: Server | null = null;

  constructor(path: string, callHost: CallHost, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    this.#callHost = callHost;
  }

  /** Calls the program that serves the method. @throws {RpcError} see `session.call` in docs/protocol.md */
  call(called: SessionCall, signal: CancelSignal): Promise<unknown> {
    return this.#served.call(called, signal);
  }

  /** Listens, if it does not yet. To be called when clipmuxd knows this agent: there is no other of this session then, and a socket that is there is a dead one's. */
  listen(): void {
    if (this.#server) return;
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = PROGRAM_CONNECTIONS_MAX;
    server.on('error', (error) => this.#failed(server, error));
    try {
      // Only our own folder: a runtime directory that is not there is not ours to make.
      if (!existsSync(dirname(this.#path))) mkdirSync(dirname(this.#path), { mode: 0o700 });
      chmodSync(dirname(this.#path), 0o700);
      rmSync(this.#path, { force: true });
      server.listen(this.#path, () => this.#logger.debug('programs may call the host', { socket: this.#path }));
      this.#server = server;
    } catch (error) {
      this.#failed(server, error as Error);
    }
  }

  /** Ends all connections, and removes the socket. */
  close(): void {
    const error = new RpcError('shutting-down', 'the agent of this session ends');
    for (const wire of [...this.#wires]) wire.close(error);
    this.#server?.close();
    this.#server = null;
  }

  #failed(server: Server, error: Error): void {
    this.#logger.warning('programs of this session cannot call the host, nor be called', {
      socket: this.#path,
      error: error.message,
    });
    if (this.#server === server) this.#server = null;
  }

  #accept(socket: Socket): void {
    const wire: ControlWire = new ControlWire(socket, {
      role: 'server',
      methods: this.#methods(() => wire),
      closed: () => {
        this.#wires.delete(wire);
        this.#served.left(wire);
      },
      internalError: (error, where) => this.#logger.error('internal error', { where, error: String(error) }),
    });
    this.#wires.add(wire);
  }

  #methods(program: () => ControlWire): ReadonlyMap<string, PeerMethod> {
    const hostCall: PeerMethod = {
      kind: 'call',
      parse: parseHostCall,
      handle: async (params, { signal }) => ({ return: await this.#callHost(params as HostCallQuestion, signal) }),
    };
    const serve: PeerMethod = {
      kind: 'call',
      parse: parseServe,
      handle: (params) => {
        const { methods } = params as ServeRequest;
        this.#served.serve(program(), methods);
        this.#logger.debug('a program serves methods', { methods: methods.join(' ') });
        return {};
      },
    };
    return new Map([
      ['host.call', hostCall],
      ['session.serve', serve],
    ]);
  }
}
