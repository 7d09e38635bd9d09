import type { Duplex } from 'node:stream';
import type { Logger } from '@clipmux/posix';
import { SHARED_TIMERS, type TimerHandle, type Timers } from '@clipmux/rpc';
import {
  type CapabilitySet,
  type ChunkPort,
  capabilityName,
  chunked,
  decodeMessage,
  frameMessage,
  type Message,
  type MessageHeader,
  MessageReader,
  MessageType,
  messageTypeName,
  VDP_CLIENT_PORT,
  VdAgentError,
} from '@clipmux/vdagent';
import type { RequestId, Selection } from '../arbiter/index.ts';
import { OWN_CAPABILITIES } from './capabilities.ts';
import { clipboardTypeOf, clipboardTypesOf, mimeOf, mimesOf, selectionNumber, selectionOf } from './content-types.ts';
import { GrabSerials } from './grab-serials.ts';
import { GuestAnswers } from './guest-answers.ts';
import { type Agreement, Handshake, type HandshakeStep } from './handshake.ts';
import { HostRequests } from './host-requests.ts';
import { ANNOUNCE_WAIT_MS, DEFAULT_HOST_LINK_SETTINGS, type HostLinkSettings } from './limits.ts';
import type { HostLinkListener } from './listener.ts';
import type { OutgoingContent } from './outgoing-content.ts';
import { PortWriter } from './port-writer.ts';
import type { HostRelay } from './relay.ts';

export interface HostLinkOptions {
  readonly logger: Logger;
  /** Gives ids to the host's requests; shared with whoever else gives ids. */
  readonly nextRequest: () => RequestId;
  readonly timers?: Timers;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly settings?: () => HostLinkSettings;
  /** Called before the listener's `attached`, so that what depends on the kind of host can be in place. */
  readonly agreed?: (agreement: Agreement) => void;
  /** Gets all that is not of the clipboard; without one it is passed over. */
  readonly relay?: HostRelay;
}

/** Before anything is agreed only announcements are exchanged, which no format changes. */
const NO_FORMAT = { selection: false, grabSerial: false } as const;

/** A port that is open, and what was said on it. */
interface OpenPort {
  readonly stream: Duplex;
  readonly writer: PortWriter;
  agreement: Agreement | null;
  /** What the host was told last; null: nothing yet. */
  announced: CapabilitySet | null;
}

/**
 * clipmuxd's end of the vdagent port: handshake, grabs, requests and answers, in vdagent's terms on one side and in the
 * arbiter's on the other. It owns what is under way on the wire; who owns a selection is the arbiter's business.
 */
export class HostLink {
  readonly #listener: HostLinkListener;
  readonly #logger: Logger;
  readonly #timers: Timers;
  readonly #nextRequest: () => RequestId;
  readonly #settings: () => HostLinkSettings;
  readonly #agreed: ((agreement: Agreement) => void) | undefined;
  readonly #relay: HostRelay | undefined;
  readonly #reader: MessageReader;
  readonly #handshake = new Handshake();
  readonly #serials = new GrabSerials();
  readonly #hostRequests: HostRequests;
  readonly #guestAnswers: GuestAnswers;
  #port: OpenPort | null = null;
  #announceTimer: TimerHandle | null = null;
  #settleTimer: TimerHandle | null = null;

  constructor(listener: HostLinkListener, options: HostLinkOptions) {
    this.#listener = listener;
    this.#logger = options.logger;
    this.#timers = options.timers ?? SHARED_TIMERS;
    this.#nextRequest = options.nextRequest;
    this.#agreed = options.agreed;
    this.#relay = options.relay;
    this.#settings = options.settings ?? (() => DEFAULT_HOST_LINK_SETTINGS);
    this.#guestAnswers = new GuestAnswers(options.logger);
    this.#hostRequests = new HostRequests({
      listener,
      logger: options.logger,
      timers: this.#timers,
      now: options.now ?? (() => performance.now()),
      settings: this.#settings,
      pausePort: (paused) => (paused ? this.#port?.stream.pause() : this.#port?.stream.resume()),
    });
    this.#reader = new MessageReader(
      {
        message: (chunkPort, header, body) => this.#message(chunkPort, header, body),
        streamStart: (_chunkPort, header) => this.#answerBegins(header),
        streamData: (_chunkPort, piece) => this.#hostRequests.data(piece),
        streamEnd: () => this.#hostRequests.end(),
        streamAbort: () => this.#hostRequests.abort('the host broke off its answer'),
        error: (error) => this.#protocolError(error),
      },
      // A port's reads are each in memory of their own, which is nobody's after us.
      { streams: (header) => header.type === MessageType.CLIPBOARD, mayChangeInput: true },
    );
  }

  /** What was agreed with the host that is there now; null while none is, or none has announced itself. */
  get agreement(): Agreement | null {
    return this.#port?.agreement ?? null;
  }

  /**
   * Whether the host was told something else than now holds, as far as it looks at it. QEMU looks at what it has itself; what a SPICE
   * client looks at is not known.
   */
  get outOfDate(): boolean {
    const { announced = null, agreement = null } = this.#port ?? {};
    if (!announced || !agreement) return false;
    const own = this.#capabilities();
    if (agreement.kind === 'spice') return !own.equals(announced);
    return !own.intersection(agreement.capabilities).equals(announced.intersection(agreement.capabilities));
  }

  /** Whether something is under way that the port's closing would break off. */
  get busy(): boolean {
    return this.#hostRequests.busy || this.#guestAnswers.open > 0 || (this.#port?.writer.busy ?? false);
  }

  /** The port has opened. Whoever opened it calls `close` when it ends. */
  open(stream: Duplex): void {
    const encode = {
      grab: (selection: Selection, clipboardTypes: readonly number[]) => this.#encodeGrab(selection, clipboardTypes),
      release: (selection: Selection) =>
        this.#encode({ type: 'clipboard-release', selection: selectionNumber(selection) }),
    };
    const writer = new PortWriter(stream, encode, (error) => this.#listener.broken(error.message));
    this.#port = { stream, writer, agreement: null, announced: null };
    this.#reader.reset();
    this.#handshake.reset();
    stream.on('data', (bytes: Uint8Array) => {
      if (this.#port?.stream === stream) this.#reader.push(bytes);
    });
    this.#announceTimer = this.#timers.set(() => this.#take(this.#handshake.waited()), ANNOUNCE_WAIT_MS);
    this.#logger.debug('vdagent_open');
  }

  /** The port has closed. */
  close(): void {
    if (!this.#port) return;
    const { writer, agreement } = this.#port;
    this.#port = null;
    this.#clearTimers();
    writer.close();
    this.#reader.reset();
    this.#hostRequests.clear('the host has gone');
    this.#guestAnswers.clear();
    this.#logger.debug('vdagent_close');
    this.#relay?.detached();
    if (agreement) this.#listener.detached();
  }

  /** The guest owns the selection. Types that vdagent has no number for are left out; if none is left, the host is told of a release. */
  grab(selection: Selection, types: readonly string[]): void {
    const clipboardTypes = clipboardTypesOf(types);
    if (clipboardTypes.length === 0) this.release(selection);
    else this.#port?.writer.push({ kind: 'grab', selection, clipboardTypes });
  }

  release(selection: Selection): void {
    this.#port?.writer.push({ kind: 'release', selection });
  }

  /** Asks the host for content. Exactly one of the listener's `answered` and `failed` follows, unless it is abandoned or the port closes. */
  request(request: RequestId, selection: Selection, type: string): void {
    const clipboardType = clipboardTypeOf(type);
    if (clipboardType === undefined || !this.#port) {
      this.#listener.failed(request, 'type-unavailable');
      return;
    }
    this.#send({ type: 'clipboard-request', selection: selectionNumber(selection), clipboardType });
    // Only now: the host may be at work while we see to its time-out.
    this.#hostRequests.add(request, selection, clipboardType);
  }

  /** Nobody waits for this answer of the host's any more. */
  abandon(request: RequestId): void {
    this.#hostRequests.abandon(request);
  }

  /** Answers a request of the host's with nothing. */
  answerEmpty(request: RequestId): void {
    this.#guestAnswers.answerEmpty(request);
  }

  /** Answers a request of the host's with content. Settles when all of it is on its way or has failed; never rejects. */
  async answer(request: RequestId, content: OutgoingContent): Promise<void> {
    await this.#guestAnswers.answer(request, content);
  }

  /** Sends a message that is not of the clipboard. `taken` is called once, when it waits no longer: it has gone out, or the port has closed. */
  relay(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array, taken: () => void): void {
    if (!this.#port) {
      taken();
      return;
    }
    this.#logger.trace('vdagent_send', () => ({ msg: messageTypeName(header.type) }));
    this.#port.writer.push({ kind: 'framed', buffers: chunked(chunkPort, header, [body]), taken });
  }

  // --- from the port

  #message(chunkPort: ChunkPort, header: MessageHeader, body: Uint8Array): void {
    this.#logger.trace('vdagent_recv_msg', () => ({ msg: messageTypeName(header.type), size: header.size }));
    // Before any handshake, too: spice-server moves the pointer as soon as the port is open.
    this.#relay?.message(chunkPort, header, body);
    let message: Message;
    try {
      message = decodeMessage(header, body, this.agreement?.format ?? NO_FORMAT);
    } catch (error) {
      if (error instanceof VdAgentError) this.#protocolError(error);
      else throw error;
      return;
    }
    this.#handle(message);
  }

  #handle(message: Message): void {
    const port = this.#port;
    if (!port) return;
    if (message.type === 'announce-capabilities') {
      this.#take(this.#handshake.heard(message.capabilities, message.request));
      this.#relay?.announced(message.capabilities, message.request, this.agreement?.kind === 'spice');
      return;
    }
    if (!port.agreement?.features) {
      this.#logger.debug('ignored before the handshake', { msg: message.type });
      return;
    }
    switch (message.type) {
      case 'clipboard-grab': {
        const selection = selectionOf(message.selection);
        if (!selection) return;
        this.#hostRequests.ownerChanged(selection);
        const standing =
          message.serial === undefined ? 'counts' : this.#serials.takeHostGrab(selection, message.serial);
        if (standing === 'ahead') {
          this.#listener.broken(
            'the host counts grabs from another beginning: was this guest restored from a snapshot?',
          );
          return;
        }
        if (standing === 'out-of-date') {
          this.#logger.debug('a grab of the host is out of date', { selection, serial: message.serial });
          return;
        }
        port.writer.dropOwnership(selection);
        this.#listener.grab(selection, mimesOf(message.types));
        return;
      }
      case 'clipboard-release': {
        const selection = selectionOf(message.selection);
        if (!selection) return;
        this.#hostRequests.ownerChanged(selection);
        this.#listener.release(selection);
        return;
      }
      case 'clipboard-request':
        this.#question(port, port.agreement, message);
        return;
      case 'max-clipboard':
        this.#listener.maxClipboard(message.max < 0 ? null : message.max);
        return;
      case 'client-disconnected':
        this.#hostRequests.clear('the client has gone');
        this.#guestAnswers.clear();
        this.#listener.clientDisconnected();
        return;
      case 'clipboard':
      case 'other':
        // Content comes as a stream; what is not of the clipboard is the relay's.
        return;
      default:
        message satisfies never;
    }
  }

  #question(port: OpenPort, agreement: Agreement, head: Extract<Message, { type: 'clipboard-request' }>): void {
    const { maxHostRequests } = this.#settings();
    if (this.#guestAnswers.open >= maxHostRequests) {
      this.#listener.broken(`the host has ${maxHostRequests} requests open and asks for more`);
      return;
    }
    const { format, kind } = agreement;
    const request = this.#nextRequest();
    this.#guestAnswers.add(request, {
      head: { selection: head.selection, clipboardType: head.clipboardType },
      format,
      kind,
      writer: port.writer,
    });
    const selection = selectionOf(head.selection);
    const type = mimeOf(head.clipboardType);
    if (selection && type) this.#listener.request(request, selection, type);
    else this.answerEmpty(request);
  }

  #answerBegins(header: MessageHeader): void {
    this.#logger.trace('vdagent_recv_msg', () => ({ msg: messageTypeName(header.type), size: header.size }));
    this.#hostRequests.begin(header, this.agreement?.format ?? NO_FORMAT);
  }

  #protocolError(error: VdAgentError): void {
    this.#logger.warning('the host sent what the protocol does not allow', {
      code: error.code,
      message: error.message,
    });
    if (error.consequence === 'reset-link') this.#listener.broken(`${error.code}: ${error.message}`);
  }

  // --- the handshake

  #take(step: HandshakeStep): void {
    const port = this.#port;
    if (!port) return;
    if (step.announce) {
      port.announced = this.#capabilities();
      this.#send({ type: 'announce-capabilities', request: step.announce.request, capabilities: port.announced });
    }
    const { agreement } = step;
    if (!agreement) return;
    this.#clearTimers();
    for (const capability of agreement.capabilities) {
      this.#logger.trace('vdagent_peer_cap', () => ({ cap: capabilityName(capability) }));
    }
    if (port.agreement) {
      this.#hostRequests.clear('a new client has connected');
      this.#guestAnswers.clear();
    }
    port.agreement = agreement;
    this.#serials.reset();
    this.#hostRequests.setHostKind(agreement.kind);
    if (!agreement.features) {
      this.#logger.warning('the host announces no clipboard (QEMU: add clipboard=on to the qemu-vdagent chardev)');
      this.#listener.detached();
      return;
    }
    this.#logger.info('the host has announced itself', { kind: agreement.kind, ...agreement.format });
    this.#agreed?.(agreement);
    this.#listener.attached(agreement.features);
    this.#settleTimer = this.#timers.set(() => {
      this.#logger.debug('the host has settled');
      this.#listener.settled();
    }, this.#settings().settleMs);
  }

  /** Ours, and what the stock daemon does beside us. */
  #capabilities(): CapabilitySet {
    return this.#relay ? OWN_CAPABILITIES.union(this.#relay.capabilities) : OWN_CAPABILITIES;
  }

  #clearTimers(): void {
    for (const timer of [this.#announceTimer, this.#settleTimer]) if (timer !== null) this.#timers.clear(timer);
    this.#announceTimer = null;
    this.#settleTimer = null;
  }

  // --- to the port

  #send(message: Message): void {
    this.#port?.writer.push({ kind: 'framed', buffers: this.#encode(message) });
  }

  #encode(message: Message): Uint8Array[] {
    this.#logger.trace('vdagent_send', () => ({ msg: message.type }));
    return frameMessage(VDP_CLIENT_PORT, message, this.agreement?.format ?? NO_FORMAT);
  }

  #encodeGrab(selection: Selection, clipboardTypes: readonly number[]): Uint8Array[] {
    const grab = { type: 'clipboard-grab', selection: selectionNumber(selection), types: clipboardTypes } as const;
    if (!this.agreement?.format.grabSerial) return this.#encode(grab);
    return this.#encode({ ...grab, serial: this.#serials.takeForGuestGrab(selection) });
  }
}
