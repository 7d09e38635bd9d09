import type { Socket } from 'node:net';
import type { Logger } from '@clipmux/posix';
import { SHARED_TIMERS, type TimerHandle, type Timers } from '@clipmux/rpc';
import {
  CapabilitySet,
  type ChunkPort,
  type MessageHeader,
  MessageType,
  messageHeader,
  messageTypeName,
  VDP_SERVER_PORT,
} from '@clipmux/vdagent';
import type { HostRelay } from '../host-link/index.ts';
import { MISSING_AFTER_MS, STOCK_RESTART_MS } from './limits.ts';
import { RelaySocket } from './relay-socket.ts';
import { type Announcement, Renewal } from './renewal.ts';
import { StockConnection } from './stock-connection.ts';
import { isRelayed, withoutClipboard } from './what-is-relayed.ts';

/** What is lost over SPICE while no stock daemon is connected. */
const LOST_WITHOUT_STOCK =
  'a SPICE host is there and no stock agent is connected: the pointer (in client mouse mode), resizing, audio volume and file drop do not work; install spice-vdagent in this machine, or set agent-mouse=off on the host';

/** The link to the host, as the relay uses it. */
export interface RelayHost extends Announcement {
  /** Sends a message. `taken` is called once, when it waits no longer: it has gone out, or the port has closed. */
  send(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array, taken: () => void): void;
}

export interface RelayOptions {
  /** Where the stock daemon connects; null: there is no relay. */
  readonly path: string | null;
  readonly host: RelayHost;
  readonly logger: Logger;
  readonly timers?: Timers;
  readonly now: () => number;
}

/** For a person who asks. */
export interface RelayStatus {
  readonly socket: string | null;
  /** Why nobody can connect there; null: somebody can. */
  readonly problem: string | null;
  readonly connected: boolean;
  /** When that became so. */
  readonly since: number;
  /** What the stock daemon does for the host. */
  readonly capabilities: CapabilitySet;
}

/**
 * Joins a stock `spice-vdagentd` to the host for all that is not of the clipboard: plays the port to it, and its agent to the host.
 */
export class Relay implements HostRelay {
  readonly #path: string | null;
  readonly #host: RelayHost;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #socket: RelaySocket | null;
  readonly #renewal: Renewal;
  #stock: StockConnection | null = null;
  #since: number;
  /** What the stock daemon has announced, without the clipboard. */
  #capabilities = CapabilitySet.EMPTY;
  /** What the host has announced, without the clipboard; null while none is there. */
  #hostCapabilities: CapabilitySet | null = null;
  #missingTimer: TimerHandle | null = null;
  #problem: string | null = null;

  constructor({ path, host, logger, timers = SHARED_TIMERS, now }: RelayOptions) {
    this.#path = path;
    this.#host = host;
    this.#logger = logger;
    this.#timers = timers;
    this.#now = now;
    this.#since = now();
    this.#renewal = new Renewal(host, timers);
    this.#socket = path === null ? null : new RelaySocket(path, logger, (socket) => this.connect(socket));
  }

  get status(): RelayStatus {
    return {
      socket: this.#path,
      problem: this.#problem,
      connected: this.#stock !== null,
      since: this.#since,
      capabilities: this.#capabilities,
    };
  }

  /** What is announced to the host for the stock daemon. */
  get capabilities(): CapabilitySet {
    return this.#capabilities;
  }

  /** Resolves when the stock daemon can connect, or cannot: the clipboard does without, and the log and the status say why. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#socket?.listen();
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#logger.error('no stock daemon can connect', { error: this.#problem });
    }
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    this.#renewal.stop();
    this.#forgetMissing();
    await this.#socket?.close();
    this.#renewal.stop();
  }

  /** A stock daemon is there. */
  connect(socket: Socket): void {
    const stock: StockConnection = new StockConnection(
      socket,
      {
        announced: (capabilities, request) => this.#announced(capabilities, request),
        message: (chunkPort, header, body, taken) => {
          this.#logger.trace('relay_to_host', () => ({ msg: messageTypeName(header.type), size: header.size }));
          this.#host.send(chunkPort, header, body, taken);
        },
        keptBack: (type) =>
          this.#logger.debug('a clipboard message of the stock daemon is kept back', { msg: messageTypeName(type) }),
        skipped: (error) =>
          this.#logger.warning('the stock daemon sent what the protocol does not allow', { code: error.code }),
        closed: (reason) => this.#gone(stock, reason),
      },
      this.#timers,
    );
    this.#stock = stock;
    this.#since = this.#now();
    this.#forgetMissing();
    this.#logger.info('the stock daemon has connected');
    // One that comes back after a broken connection says nothing by itself: it is asked, as by a client that has just connected.
    if (this.#hostCapabilities) stock.announce(this.#hostCapabilities, true);
  }

  // --- what the host does

  announced(capabilities: CapabilitySet, request: boolean, spice: boolean): void {
    const offered = withoutClipboard(capabilities);
    const news = this.#hostCapabilities === null || !this.#hostCapabilities.equals(offered);
    this.#hostCapabilities = offered;
    if (request || news) this.#stock?.announce(offered, true);
    if (spice && this.#stock === null) this.#tellMissing();
  }

  message(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array): void {
    if (!this.#stock || !isRelayed(header.type)) return;
    this.#logger.trace('relay_to_stock', () => ({ msg: messageTypeName(header.type), size: header.size }));
    this.#stock.send(chunkPort, header, body);
  }

  detached(): void {
    this.#forgetMissing();
    if (this.#hostCapabilities === null) return;
    this.#hostCapabilities = null;
    // As spice-server tells it: what the client had begun, a dropped file for example, will not be ended.
    this.#stock?.send(VDP_SERVER_PORT, messageHeader(MessageType.CLIENT_DISCONNECTED, 0), NOTHING);
  }

  // --- what the stock daemon does

  #announced(capabilities: CapabilitySet, request: boolean): void {
    const offered = withoutClipboard(capabilities);
    if (request && this.#hostCapabilities) this.#stock?.announce(this.#hostCapabilities, false);
    const changed = !offered.equals(this.#capabilities);
    this.#capabilities = offered;
    this.#logger.debug('the stock daemon has announced itself', { capabilities: offered.names().join(' ') });
    // Also where it has come back as it was: a renewal that waited for its absence is off.
    this.#renewal.consider(0);
    if (changed)
      this.#logger.info('the stock daemon does the rest of the port', { capabilities: offered.names().join(' ') });
  }

  #gone(stock: StockConnection, reason: string): void {
    if (this.#stock !== stock) return;
    this.#stock = null;
    this.#since = this.#now();
    this.#capabilities = CapabilitySet.EMPTY;
    this.#logger.warning('the stock daemon has gone', { reason });
    this.#renewal.consider(STOCK_RESTART_MS);
  }

  #tellMissing(): void {
    if (this.#missingTimer !== null) return;
    this.#missingTimer = this.#timers.set(() => {
      this.#missingTimer = null;
      this.#logger.warning(LOST_WITHOUT_STOCK);
    }, MISSING_AFTER_MS);
  }

  #forgetMissing(): void {
    if (this.#missingTimer !== null) this.#timers.clear(this.#missingTimer);
    this.#missingTimer = null;
  }
}

const NOTHING = new Uint8Array(0);
