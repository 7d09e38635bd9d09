import type { BusSignal } from './bus-connection.ts';
import type { LogindEvent } from './model.ts';
import {
  BUS_NAME,
  BUS_PATH,
  LOGIND_NAME,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  PROPERTIES_INTERFACE,
  SEAT_INTERFACE,
  SESSION_INTERFACE,
} from './names.ts';
import { parseAnnouncedPath, parseChanges, parseSeatChanges, parseSessionChanges } from './session.ts';

/**
 * The signals that clipmuxd asks the bus for. Not among them are a session's Lock and Unlock: they only ask the session to lock or
 * unlock its screen. LockedHint says whether it did.
 */
export const MATCH_RULES: readonly string[] = [
  `type='signal',sender='${BUS_NAME}',path='${BUS_PATH}',interface='${BUS_NAME}',member='NameOwnerChanged',arg0='${LOGIND_NAME}'`,
  ...['SessionNew', 'SessionRemoved', 'SeatNew', 'SeatRemoved'].map(
    (member) =>
      `type='signal',sender='${LOGIND_NAME}',path='${MANAGER_PATH}',interface='${MANAGER_INTERFACE}',member='${member}'`,
  ),
  ...[SESSION_INTERFACE, SEAT_INTERFACE].map(
    (name) =>
      `type='signal',sender='${LOGIND_NAME}',path_namespace='${MANAGER_PATH}',interface='${PROPERTIES_INTERFACE}',member='PropertiesChanged',arg0='${name}'`,
  ),
];

/**
 * What a signal says of logind's name: its new owner, empty if it has none now. Undefined if the signal is about something else or does
 * not come from the bus.
 */
export function newOwnerOf(signal: BusSignal): string | undefined {
  if (signal.sender !== BUS_NAME || signal.interface !== BUS_NAME || signal.member !== 'NameOwnerChanged')
    return undefined;
  const [name, , owner] = signal.body;
  return name === LOGIND_NAME && typeof owner === 'string' ? owner : undefined;
}

/**
 * What a signal of logind's means. The caller has made sure that logind sent it.
 * @throws {LogindError} `invalid`
 */
export function eventsOf(signal: BusSignal): readonly LogindEvent[] {
  if (signal.interface === MANAGER_INTERFACE) return announcement(signal);
  if (signal.interface !== PROPERTIES_INTERFACE || signal.member !== 'PropertiesChanged') return [];
  const [interfaceName, changed, invalidated] = parseChanges(signal.body);
  const { path } = signal;
  switch (interfaceName) {
    case SESSION_INTERFACE: {
      const changes = parseSessionChanges(changed);
      const events: LogindEvent[] = [];
      if (Object.keys(changes).length > 0) events.push({ kind: 'session-changed', path, changes });
      if (invalidated.length > 0) events.push({ kind: 'session-invalidated', path });
      return events;
    }
    case SEAT_INTERFACE: {
      const changes = parseSeatChanges(changed);
      const events: LogindEvent[] = [];
      if (Object.keys(changes).length > 0) events.push({ kind: 'seat-changed', path, changes });
      if (invalidated.length > 0) events.push({ kind: 'seat-invalidated', path });
      return events;
    }
    default:
      return [];
  }
}

function announcement(signal: BusSignal): readonly LogindEvent[] {
  switch (signal.member) {
    case 'SessionNew':
      return [{ kind: 'session-new', path: parseAnnouncedPath(signal.body) }];
    case 'SessionRemoved':
      return [{ kind: 'session-removed', path: parseAnnouncedPath(signal.body) }];
    case 'SeatNew':
      return [{ kind: 'seat-new', path: parseAnnouncedPath(signal.body) }];
    case 'SeatRemoved':
      return [{ kind: 'seat-removed', path: parseAnnouncedPath(signal.body) }];
    default:
      return [];
  }
}
