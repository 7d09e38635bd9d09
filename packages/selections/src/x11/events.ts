import type { XEvent } from 'x11';
import {
  DestroyNotify,
  PropertyDelete,
  PropertyNotify,
  SelectionNotify,
  SelectionRequest,
  XFixesSetSelectionOwnerNotify,
} from './protocol.ts';

/** A program asks the owner of a selection to convert it (ICCCM 2.2). */
export interface SelectionRequestEvent {
  readonly kind: 'selection-request';
  readonly time: number;
  readonly requestor: number;
  readonly selection: number;
  readonly target: number;
  /** 0 from an obsolete client: the target's atom then names the property. */
  readonly property: number;
}

/** The owner's answer to a conversion: it is in the property, or refused where that is 0. */
export interface SelectionNotifyEvent {
  readonly kind: 'selection-notify';
  readonly time: number;
  readonly requestor: number;
  readonly selection: number;
  readonly target: number;
  readonly property: number;
}

export interface PropertyNotifyEvent {
  readonly kind: 'property-notify';
  readonly window: number;
  readonly property: number;
  readonly time: number;
  readonly deleted: boolean;
  /** The last of our requests that the server had processed when it happened. */
  readonly sequence: number;
}

/** A selection changed hands (XFIXES). */
export interface OwnerNotifyEvent {
  readonly kind: 'owner-notify';
  readonly selection: number;
  /** The new owner's window; 0 when there is none. */
  readonly owner: number;
  /** Whether there is no owner because its window or its connection went, rather than gave the selection up. */
  readonly died: boolean;
  /** Server time of the change. */
  readonly time: number;
}

/** A window of another client is gone: it said so, or a request of ours met with BadWindow. */
export interface WindowGoneEvent {
  readonly kind: 'window-gone';
  readonly window: number;
}

export type ConnectionEvent =
  | SelectionRequestEvent
  | SelectionNotifyEvent
  | PropertyNotifyEvent
  | OwnerNotifyEvent
  | WindowGoneEvent;

/** Set in an event's first byte when a client made it with SendEvent. */
const SENT_EVENT = 0x80;

function number(value: unknown): number {
  return typeof value === 'number' ? value >>> 0 : 0;
}

/**
 * What an event of the library means to us, or undefined for one that does not matter.
 *
 * XFIXES' SelectionNotify and the core's bear the same name in the library; their types differ.
 * Events that only the server may make are not believed when a client sent them.
 */
export function readEvent(event: XEvent, xfixesFirstEvent: number): ConnectionEvent | undefined {
  const code = event.type & 0x7f;
  const sent = ((event.rawData[0] ?? 0) & SENT_EVENT) !== 0;
  const time = number(event['time']);
  switch (code) {
    case SelectionRequest:
      return {
        kind: 'selection-request',
        time,
        requestor: number(event['requestor']),
        selection: number(event['selection']),
        target: number(event['target']),
        property: number(event['property']),
      };
    case SelectionNotify:
      return {
        kind: 'selection-notify',
        time,
        requestor: number(event['requestor']),
        selection: number(event['selection']),
        target: number(event['target']),
        property: number(event['property']),
      };
    case PropertyNotify:
      if (sent) return undefined;
      return {
        kind: 'property-notify',
        window: number(event['wid']),
        property: number(event['atom']),
        time,
        deleted: event['state'] === PropertyDelete,
        sequence: event.seq,
      };
    case DestroyNotify:
      return sent ? undefined : { kind: 'window-gone', window: number(event['wid']) };
    case xfixesFirstEvent:
      if (sent) return undefined;
      return {
        kind: 'owner-notify',
        selection: number(event['selection']),
        owner: number(event['owner']),
        died: event['subtype'] !== XFixesSetSelectionOwnerNotify,
        time: number(event['timestamp']),
      };
    default:
      return undefined;
  }
}
