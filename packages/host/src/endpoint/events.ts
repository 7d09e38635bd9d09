import type { CapabilitySet, ChunkPort, ClipboardFormat, OtherMessage, VdAgentError } from '@clipmux/vdagent';
import type { SelectionName } from '../mime.ts';

/** Something happened at this time: milliseconds of the endpoint's clock, taken when the bytes were read or handed on. */
export interface Timed {
  readonly at: number;
}

/** The guest's capabilities came. From now on content can cross. */
export interface CapabilitiesEvent extends Timed {
  readonly capabilities: CapabilitySet;
  readonly format: ClipboardFormat;
  /** Whether the guest asked for the host's. */
  readonly request: boolean;
}

/** The guest owns a selection. */
export interface GrabbedEvent extends Timed {
  readonly selection: SelectionName;
  /** MIME types, in the guest's order; types that have none here are left out. */
  readonly types: readonly string[];
  /** vdagent's numbers, as they came. */
  readonly clipboardTypes: readonly number[];
  /** With GRAB_SERIAL. */
  readonly serial: number | undefined;
}

/** A grab of the guest's was passed over, for its serial is behind. */
export interface GrabDiscardedEvent extends Timed {
  readonly selection: SelectionName;
  readonly serial: number;
}

/** Something happened to a selection. */
export interface SelectionEvent extends Timed {
  readonly selection: SelectionName;
}

/** The guest asks for content. */
export interface RequestedEvent extends Timed {
  /** Undefined for SECONDARY. */
  readonly selection: SelectionName | undefined;
  /** Undefined for a type that has no MIME type here. */
  readonly type: string | undefined;
  readonly clipboardType: number;
}

/** An answer has been handed to the socket, to its last byte. */
export interface ServedEvent extends RequestedEvent {
  /** Bytes of content; 0 for the answer that there is nothing. */
  readonly size: number;
  /** When the request came. */
  readonly requestedAt: number;
}

/** What the guest asked for cannot be read; it was answered with nothing. */
export interface UnreadableEvent extends RequestedEvent {
  readonly error: Error;
}

/** Content came from the guest, whole. */
export interface DataEvent extends Timed {
  readonly selection: SelectionName | undefined;
  readonly type: string | undefined;
  readonly clipboardType: number;
  readonly size: number;
  /** When its first byte came. */
  readonly startedAt: number;
  /** Whether a paste was waiting for it. */
  readonly expected: boolean;
}

/** A message was dropped for `outputLimit`, as QEMU does. */
export interface DroppedEvent extends Timed {
  readonly name: string;
  readonly size: number;
}

/** A message that is not of the clipboard. */
export interface OtherMessageEvent extends Timed {
  readonly message: OtherMessage;
  /** The chunk port that it came on. */
  readonly chunkPort: ChunkPort;
}

/** The guest broke a rule of the protocol. */
export interface ProtocolErrorEvent extends Timed {
  readonly error: VdAgentError;
}

/** The guest is gone, or was sent away. */
export interface DisconnectedEvent extends Timed {
  readonly error: Error | undefined;
}

/** What a host endpoint tells. */
export interface HostEvents {
  connected: [Timed];
  capabilities: [CapabilitiesEvent];
  grabbed: [GrabbedEvent];
  grabDiscarded: [GrabDiscardedEvent];
  released: [SelectionEvent];
  /** The host's content is no longer what the selection holds: the guest has grabbed it. */
  lost: [SelectionEvent];
  requested: [RequestedEvent];
  served: [ServedEvent];
  unreadable: [UnreadableEvent];
  data: [DataEvent];
  dropped: [DroppedEvent];
  message: [OtherMessageEvent];
  protocolError: [ProtocolErrorEvent];
  disconnected: [DisconnectedEvent];
}
