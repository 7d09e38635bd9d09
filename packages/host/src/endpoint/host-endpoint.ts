import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  Capability,
  type CapabilitySet,
  type ChunkPort,
  type ClipboardSelection,
  type Message,
  VDP_SERVER_PORT,
} from '@clipmux/vdagent';
import { HostError } from '../errors.ts';
import {
  clipboardTypeOf,
  mimeTypeOf,
  SELECTION_NAMES,
  type SelectionName,
  selectionNumber,
  selectionOf,
} from '../mime.ts';
import { type Answer, answerTo } from './answer.ts';
import type { Content } from './content.ts';
import type { HostEvents } from './events.ts';
import type { HostFaults } from './faults.ts';
import { GuestLink, type GuestLinkHandler } from './guest-link.ts';
import { type HostOptions, type HostSettings, hostSettings } from './options.ts';
import { type PasteOptions, Pastes } from './pastes.ts';
import { nextAnnouncement } from './ready.ts';

/** Milliseconds that `close` allows for what is still to be sent. */
const CLOSE_GRACE = 1000;

/** What the guest offers in a selection. */
interface GuestOffer {
  readonly types: readonly string[];
}

/**
 * The host's end of a vdagent port, over any stream, for one guest at a time. What was copied stays offered while guests come and
 * go. Content is sent and received without being looked at, and never told in an event.
 */
export class HostEndpoint extends EventEmitter<HostEvents> {
  readonly #settings: HostSettings;
  /** What the host offers, by vdagent's type numbers. */
  readonly #contents = new Map<SelectionName, ReadonlyMap<number, Content>>();
  readonly #guestOffers = new Map<SelectionName, GuestOffer>();
  readonly #pastes: Pastes;
  #faults: HostFaults = {};
  #link: GuestLink | undefined;

  constructor(options: HostOptions = {}) {
    super();
    this.#settings = hostSettings(options);
    this.#pastes = new Pastes(this.#settings.manner === 'spice');
  }

  /** Whether a guest is connected. */
  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** What the guest announced; undefined before the handshake is done. */
  get guestCapabilities(): CapabilitySet | undefined {
    return this.#link?.guestCapabilities;
  }

  /** Bytes that wait to be taken by the guest. */
  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  /** The MIME types that the guest offers in a selection; undefined if it does not own it. */
  offered(selection: SelectionName): readonly string[] | undefined {
    return this.#guestOffers.get(selection)?.types;
  }

  /** Whether the host's content is what the selection holds. */
  owns(selection: SelectionName): boolean {
    return this.#contents.has(selection);
  }

  /** Takes a connection to a guest and begins the handshake. Throws {@link HostError} `guest-present` if there is one. */
  attach(stream: Duplex): void {
    if (this.#link !== undefined) throw new HostError('guest-present', 'one guest at a time: another is connected');
    const link: GuestLink = new GuestLink(stream, this.#settings, this.#linkHandler());
    this.#link = link;
    this.#applyFaults();
    this.emit('connected', { at: this.#now() });
    if (this.#settings.announce === 'at-open') this.#sendAnnouncement(true);
  }

  /** Hangs up at once, as a host that dies. A new guest may come. */
  disconnect(): void {
    this.#link?.close();
  }

  /** Gives up what the host owns, and hangs up when that has gone out, or after a second. */
  async close(): Promise<void> {
    for (const selection of SELECTION_NAMES) this.release(selection);
    await this.#link?.end(CLOSE_GRACE);
  }

  /**
   * Makes the host the owner of a selection, with this content by MIME type, in order of preference. The guest is told now, or as
   * soon as there is one. Throws {@link HostError} `unsupported-type` or `nothing-to-copy`.
   */
  copy(selection: SelectionName, contents: ReadonlyMap<string, Content>): void {
    const byNumber = new Map<number, Content>();
    for (const [type, content] of contents) {
      const number = clipboardTypeOf(type);
      if (number === undefined) throw new HostError('unsupported-type', `the protocol has no number for ${type}`);
      byNumber.set(number, content);
    }
    if (byNumber.size === 0) throw new HostError('nothing-to-copy', 'no content in any type');
    const link = this.#clipboardLink(selection);
    // spice-gtk: without NO_RELEASE_ON_REGRAB a new grab is preceded by a release; QEMU never sends one there.
    if (this.#contents.has(selection) && this.#settings.manner === 'spice' && link?.noReleaseOnRegrab === false) {
      link.send({ type: 'clipboard-release', selection: selectionNumber(selection) });
    }
    this.#contents.set(selection, byNumber);
    this.#guestOffers.delete(selection);
    this.#grab(selection);
  }

  /** Gives up a selection that the host owns; else does nothing. */
  release(selection: SelectionName): void {
    if (!this.#contents.delete(selection)) return;
    this.#clipboardLink(selection)?.send({ type: 'clipboard-release', selection: selectionNumber(selection) });
  }

  /**
   * Asks the guest for what it offers, and resolves to the bytes, none for empty content.
   * Rejects with {@link HostError}: `no-guest`, `nothing-to-paste`, `type-not-offered`, `refused` (answered with NONE, in SPICE's
   * manner), `too-large`, `timed-out`, `guest-disconnected`; or with the signal's reason.
   */
  async paste(selection: SelectionName, type: string, options: PasteOptions = {}): Promise<Uint8Array> {
    const link = this.#link;
    if (link === undefined) throw new HostError('no-guest', 'no guest is connected');
    const offer = this.#guestOffers.get(selection);
    if (offer === undefined) throw new HostError('nothing-to-paste', `the guest does not own ${selection}`);
    const clipboardType = clipboardTypeOf(type);
    if (clipboardType === undefined || !offer.types.includes(type)) {
      throw new HostError('type-not-offered', `the guest offers ${offer.types.join(', ') || 'nothing'}, not ${type}`);
    }
    const number = selectionNumber(selection);
    const answer = this.#pastes.wait(number, clipboardType, options);
    link.send({ type: 'clipboard-request', selection: number, clipboardType });
    return answer;
  }

  /** Resolves once a guest is connected and the handshake is done, at once if it is. Rejects with `timed-out` or the signal's reason. */
  ready(options: PasteOptions = {}): Promise<void> {
    return this.guestCapabilities === undefined ? nextAnnouncement(this, options) : Promise.resolve();
  }

  /** Announces capabilities with request = 1, as a SPICE client that has just connected: it knows nothing of what went before. */
  announce(): void {
    this.#guestOffers.clear();
    this.#link?.serials.reset();
    this.#sendAnnouncement(true);
  }

  /** Tells that the client has gone, on the server's port as spice-server does. What the host owned is gone with it. */
  clientDisconnected(): void {
    this.#contents.clear();
    this.#guestOffers.clear();
    this.#link?.send({ type: 'client-disconnected' }, VDP_SERVER_PORT);
  }

  /** Tells the guest the largest content taken, in bytes; -1 for no limit. */
  maxClipboard(max: number): void {
    this.#link?.send({ type: 'max-clipboard', max });
  }

  /** Sends any message, past all state kept here. Does nothing without a guest. */
  send(message: Message, chunkPort?: ChunkPort): void {
    this.#link?.send(message, chunkPort);
  }

  /** Sends bytes as they are. For tests of how a guest bears nonsense. */
  sendBytes(bytes: Uint8Array): void {
    this.#link?.sendBytes(bytes);
  }

  /** Sets how the endpoint misbehaves from now on, for this guest and the next ones; `{}` for not at all. */
  setFaults(faults: HostFaults): void {
    this.#faults = faults;
    this.#applyFaults();
  }

  #applyFaults(): void {
    const link = this.#link;
    if (link === undefined) return;
    link.outputLimit = this.#faults.outputLimit;
    link.setReading(this.#faults.reading ?? true);
  }

  #linkHandler(): GuestLinkHandler {
    return {
      message: (message, chunkPort) => this.#received(message, chunkPort),
      dataBegins: (head, size) => this.#pastes.begin(head, size, this.#settings.maxPasteSize),
      dataCame: (head, size, startedAt, into) => {
        const expected = this.#pastes.end(head, into);
        const { clipboardType } = head;
        const selection = selectionOf(head.selection);
        const type = mimeTypeOf(clipboardType);
        this.emit('data', { at: this.#now(), startedAt, selection, type, clipboardType, size, expected });
      },
      dropped: (name, size) => this.emit('dropped', { at: this.#now(), name, size }),
      protocolError: (error) => this.emit('protocolError', { at: this.#now(), error }),
      closed: (error) => {
        this.#link = undefined;
        this.#guestOffers.clear();
        this.#pastes.fail(new HostError('guest-disconnected', 'the guest disconnected before it had answered'));
        this.emit('disconnected', { at: this.#now(), error });
      },
    };
  }

  #received(message: Message, chunkPort: ChunkPort): void {
    switch (message.type) {
      case 'announce-capabilities':
        return this.#receivedAnnouncement(message.capabilities, message.request);
      case 'clipboard-grab':
        return this.#receivedGrab(message.selection, message.types, message.serial);
      case 'clipboard-request':
        return this.#receivedRequest(message.selection, message.clipboardType);
      case 'clipboard-release': {
        const selection = selectionOf(message.selection);
        if (selection === undefined || !this.#guestOffers.delete(selection)) return;
        this.emit('released', { at: this.#now(), selection });
        return;
      }
      case 'other':
        this.emit('message', { at: this.#now(), message, chunkPort });
        return;
      case 'clipboard': // always streamed, so it comes through dataBegins and dataCame
      case 'max-clipboard': // these two go from host to guest only
      case 'client-disconnected':
        return;
    }
  }

  #receivedAnnouncement(capabilities: CapabilitySet, request: boolean): void {
    const link = this.#link;
    if (link === undefined) return;
    const again = link.guestCapabilities !== undefined;
    if (again && request && link.format.grabSerial && this.#settings.closeOnSecondAnnouncement) return link.close();
    if (request) this.#sendAnnouncement(false);
    this.#guestOffers.clear();
    link.agree(capabilities);
    const { maxClipboard, reoffer } = this.#settings;
    if (maxClipboard !== undefined && capabilities.has(Capability.MAX_CLIPBOARD)) this.maxClipboard(maxClipboard);
    this.emit('capabilities', { at: this.#now(), capabilities, format: link.format, request });
    if (reoffer) for (const selection of SELECTION_NAMES) this.#grab(selection);
  }

  #receivedGrab(number: ClipboardSelection, clipboardTypes: readonly number[], serial: number | undefined): void {
    const selection = selectionOf(number);
    const at = this.#now();
    if (serial !== undefined && this.#link?.serials.accept(number, serial) === false) {
      if (selection !== undefined) this.emit('grabDiscarded', { at, selection, serial });
      return;
    }
    if (selection === undefined) return;
    const types = clipboardTypes.map(mimeTypeOf).filter((type) => type !== undefined);
    this.#guestOffers.set(selection, { types });
    const lost = this.#contents.delete(selection);
    this.emit('grabbed', { at, selection, types, clipboardTypes, serial });
    if (lost) this.emit('lost', { at, selection });
  }

  #receivedRequest(number: ClipboardSelection, clipboardType: number): void {
    const selection = selectionOf(number);
    const request = { at: this.#now(), selection, type: mimeTypeOf(clipboardType), clipboardType };
    this.emit('requested', request);
    const answer = answerTo(clipboardType, this.#settings.manner, this.#faults.requests ?? 'serve', () =>
      selection === undefined ? undefined : this.#contents.get(selection)?.get(clipboardType),
    );
    if (answer === undefined) return;
    const link = this.#link;
    const send = ({ clipboardType: type, content, failure }: Answer): void => {
      if (failure !== undefined) this.emit('unreadable', { ...request, at: this.#now(), error: failure });
      if (this.#link !== link) return;
      link?.sendData({ selection: number, clipboardType: type }, content, () => {
        this.emit('served', { ...request, at: this.#now(), requestedAt: request.at, size: content.size });
      });
    };
    // Bytes go out at once: the promise is for files only.
    if (answer instanceof Promise) void answer.then(send);
    else send(answer);
  }

  #sendAnnouncement(request: boolean): void {
    this.#link?.send({ type: 'announce-capabilities', request, capabilities: this.#settings.capabilities });
  }

  #grab(selection: SelectionName): void {
    const contents = this.#contents.get(selection);
    const link = this.#clipboardLink(selection);
    if (contents === undefined || link === undefined) return;
    const number = selectionNumber(selection);
    const types = [...contents.keys()];
    if (link.format.grabSerial) {
      link.send({ type: 'clipboard-grab', selection: number, serial: link.serials.next(number), types });
    } else {
      link.send({ type: 'clipboard-grab', selection: number, types });
    }
  }

  /** The link, if the guest takes clipboard messages for this selection. */
  #clipboardLink(selection: SelectionName): GuestLink | undefined {
    const link = this.#link;
    return link?.hasClipboard && (selection === 'clipboard' || link.format.selection) ? link : undefined;
  }

  #now(): number {
    return this.#settings.now();
  }
}
