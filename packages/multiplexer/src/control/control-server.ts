import { chownSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, peerCredentials, peerGroups } from '@clipmux/posix';
import { NODE_TIMERS, RpcError, type Timers } from '@clipmux/rpc';
import { type ListenAddress, listen } from '../sessions/listening-socket.ts';
import { ContentBudget } from './content-budget.ts';
import { type ControlPeer, checkControlAccess, groupIdOf } from './control-access.ts';
import { ControlConnection } from './control-connection.ts';
import type { ControlTarget } from './control-target.ts';
import {
  CONTROL_CONNECTIONS_MAX,
  CONTROL_GROUP,
  CONTROL_HELD_BYTES_MAX,
  CONTROL_SOCKET_MODE,
  CONTROL_SOCKETS_MAX,
} from './limits.ts';

/** Where to listen: a path, or the descriptor of a socket that systemd has opened. */
export type ControlAddress = { readonly path: string } | { readonly fd: number };

export interface ControlServerOptions {
  readonly logger: Logger;
  /** Connections at once; default {@link CONTROL_CONNECTIONS_MAX}. */
  readonly connectionsMax?: number;
  /** clipmuxd's user; default the process's. */
  readonly ownUid?: number;
  /** Id of the group whose members may connect; default that of {@link CONTROL_GROUP}, null where there is none. */
  readonly group?: number | null;
  /** Who is at the other end; default what the kernel says. */
  readonly peerOf?: (socket: Socket) => ControlPeer;
  readonly timers?: Timers;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** The control socket: takes clients in and lets them speak to clipmuxd. */
export class ControlServer {
  readonly #target: ControlTarget;
  readonly #logger: Logger;
  readonly #options: ControlServerOptions;
  readonly #group: number | null;
  readonly #server: Server;
  readonly #budget = new ContentBudget(CONTROL_HELD_BYTES_MAX);
  readonly #connections = new Set<ControlConnection>();

  constructor(target: ControlTarget, options: ControlServerOptions) {
    this.#target = target;
    this.#options = options;
    this.#logger = options.logger;
    this.#group = options.group === undefined ? groupIdOf(CONTROL_GROUP) : options.group;
    // Half open, so that a script may say all it has to say, end, and still get its answers.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    // Those that are being turned away need a moment to read why.
    this.#server.maxConnections = CONTROL_SOCKETS_MAX;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Bytes of content that are held for all connections. */
  get heldBytes(): number {
    return this.#budget.taken;
  }

  /** May be changed at run time; those that are there stay. */
  connectionsMax = CONTROL_CONNECTIONS_MAX;

  /** Resolves when connecting succeeds. @throws {ListenError} */
  async listen(address: ControlAddress): Promise<void> {
    if (this.#options.connectionsMax !== undefined) this.connectionsMax = this.#options.connectionsMax;
    const where: ListenAddress = 'path' in address ? { path: address.path, mode: CONTROL_SOCKET_MODE } : address;
    await listen(this.#server, where);
    if ('path' in address) this.#giveToGroup(address.path);
    this.#server.on('error', (error) => this.#logger.error('the control socket failed', { error: error.message }));
  }

  /** Ends every connection and takes no more. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) {
      connection.close(new RpcError('shutting-down', 'clipmuxd is going down'));
    }
    await closed;
  }

  #giveToGroup(path: string): void {
    if (this.#group === null) return;
    try {
      chownSync(path, -1, this.#group);
    } catch (error) {
      this.#logger.warning(`the control socket stays closed to the group ${CONTROL_GROUP}: start clipmuxd in it`, {
        path,
        error: String(error),
      });
    }
  }

  #accept(socket: Socket): void {
    const { timers = NODE_TIMERS, now = Date.now } = this.#options;
    const connection: ControlConnection = new ControlConnection(socket, {
      target: this.#target,
      budget: this.#budget,
      logger: this.#logger,
      timers,
      now,
      closed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    try {
      this.#admit(socket);
    } catch (error) {
      connection.close(error instanceof RpcError ? error : new RpcError('internal', 'who connected cannot be told'));
    }
  }

  /** @throws {RpcError} `denied`, `limit-exceeded` */
  #admit(socket: Socket): void {
    const { ownUid = process.getuid?.() ?? -1, peerOf = kernelsPeer } = this.#options;
    let peer: ControlPeer;
    try {
      peer = peerOf(socket);
    } catch (error) {
      this.#logger.error('cannot tell who connected to the control socket; turned away', { error: String(error) });
      throw error;
    }
    try {
      checkControlAccess(peer, { ownUid, group: this.#group });
    } catch (error) {
      this.#logger.warning('a control connection was turned away', { uid: peer.uid, gid: peer.gid, pid: peer.pid });
      throw error;
    }
    if (this.#connections.size > this.connectionsMax) {
      this.#logger.warning('too many control connections', {
        limit: this.connectionsMax,
        uid: peer.uid,
        pid: peer.pid,
      });
      throw new RpcError('limit-exceeded', `there are ${this.connectionsMax} control connections already: end one`);
    }
    this.#logger.debug('a control connection', { uid: peer.uid, pid: peer.pid });
  }
}

function kernelsPeer(socket: Socket): ControlPeer {
  return { ...peerCredentials(socket), groups: peerGroups(socket) };
}
