import { chownSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { formatError, GuestAgentError } from '@clipmux/guest-agent';
import { deliverDirectly, type Logger, peerCredentials, peerGroups } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import { type ControlPeer, checkControlAccess, groupIdOf } from '../../control/control-access.ts';
import { CONTROL_GROUP } from '../../control/index.ts';
import { listen } from '../../sessions/listening-socket.ts';
import { CLIENT_SOCKETS_MAX, CLIENTS_MAX } from '../limits.ts';
import { Channel, type MessageAnswerer } from './channel.ts';
import type { ClientPort } from './client-port.ts';

/** The kernel turns away whoever is not in the socket's group. */
const SOCKET_MODE = 0o660;

export interface ListeningPortOptions {
  readonly answerer: MessageAnswerer;
  readonly logger: Logger;
  /** clipmuxd's user; default the process's. */
  readonly ownUid?: number;
  /** Id of the group whose members may connect; default that of clipmux, null where there is none. */
  readonly group?: number | null;
  /** Who is at the other end; default what the kernel says. */
  readonly peerOf?: (socket: Socket) => ControlPeer;
}

/** A unix socket on which the guest agent listens: for root and the group clipmux, as the control socket. */
export class ListeningPort implements ClientPort {
  readonly name: string;
  readonly #path: string;
  readonly #options: ListeningPortOptions;
  readonly #group: number | null;
  readonly #server: Server;
  readonly #channels = new Set<Channel>();

  constructor(path: string, options: ListeningPortOptions) {
    this.name = `unix:${path}`;
    this.#path = path;
    this.#options = options;
    this.#group = options.group === undefined ? groupIdOf(CONTROL_GROUP) : options.group;
    // Half open, so that a script may say all it has to say, end, and still get its answers.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = CLIENT_SOCKETS_MAX;
  }

  /** Clients that are connected. */
  get clients(): number {
    return this.#channels.size;
  }

  async start(): Promise<void> {
    await listen(this.#server, { path: this.#path, mode: SOCKET_MODE });
    const { logger } = this.#options;
    if (this.#group !== null) {
      try {
        chownSync(this.#path, -1, this.#group);
      } catch (error) {
        logger.warning(`the guest agent's socket stays closed to the group ${CONTROL_GROUP}: start clipmuxd in it`, {
          path: this.#path,
          error: String(error),
        });
      }
    }
    this.#server.on('error', (error) => logger.error('the guest agent cannot listen', { error: error.message }));
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const channel of this.#channels) channel.close();
    await closed;
  }

  #accept(socket: Socket): void {
    try {
      this.#admit(socket);
    } catch (error) {
      const description = error instanceof RpcError ? error.message : 'who connected cannot be told';
      socket.on('error', () => {});
      socket.end(formatError(new GuestAgentError('GenericError', description)));
      socket.resume();
      return;
    }
    deliverDirectly(socket);
    const channel: Channel = new Channel(socket, {
      answerer: this.#options.answerer,
      closed: () => this.#channels.delete(channel),
    });
    this.#channels.add(channel);
  }

  /** @throws {RpcError} `denied`, `limit-exceeded` */
  #admit(socket: Socket): void {
    const { ownUid = process.getuid?.() ?? -1, peerOf = kernelsPeer, logger } = this.#options;
    const peer = peerOf(socket);
    try {
      checkControlAccess(peer, { ownUid, group: this.#group });
    } catch (error) {
      logger.warning('a client of the guest agent was turned away', { uid: peer.uid, gid: peer.gid, pid: peer.pid });
      throw error;
    }
    if (this.#channels.size >= CLIENTS_MAX) {
      logger.warning('too many clients of the guest agent', { limit: CLIENTS_MAX, uid: peer.uid, pid: peer.pid });
      throw new RpcError('limit-exceeded', `there are ${CLIENTS_MAX} clients already: end one`);
    }
    logger.debug('a client of the guest agent', { uid: peer.uid, pid: peer.pid });
  }
}

function kernelsPeer(socket: Socket): ControlPeer {
  return { ...peerCredentials(socket), groups: peerGroups(socket) };
}
