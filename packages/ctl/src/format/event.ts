import { type ControlEvent, knownEvent, type UnknownEvent } from '@clipmux/rpc';
import { eligibleText, ownerText } from './status.ts';
import { clock, plain, size } from './text.ts';

/** One line for an event, without its line break; also for one that this version does not know. */
export function formatEvent(event: UnknownEvent): string {
  const known = knownEvent(event);
  const { at, kind, ...members } = event;
  const milliseconds = String(at % 1000).padStart(3, '0');
  return plain(`${clock(at)}.${milliseconds} ${kind}: ${known ? describe(known) : JSON.stringify(members)}`);
}

function describe(event: ControlEvent): string {
  switch (event.kind) {
    case 'session-added':
      return `session ${event.session} of uid ${event.uid} on display ${event.display}`;
    case 'session-removed':
      return `session ${event.session}: ${event.reason}`;
    case 'eligible':
      return eligibleText(event);
    case 'owner':
      return `${event.selection} is owned by ${ownerText(event.owner)}`;
    case 'request':
      return `${event.request} ${asker(event)} wants ${event.selection} as ${event.type}`;
    case 'answer':
      return `${event.request} ${event.size === null ? `refused: ${event.error ?? 'nothing'}` : size(event.size)}`;
    case 'port':
      return event.error === null ? event.state : `${event.state}: ${event.error}`;
    case 'host':
      if (!event.attached) return 'gone';
      return `${event.type ?? 'unknown'}, ${event.clipboard ? 'with' : 'without'} clipboard (${event.capabilities.join(' ')})`;
    case 'policy':
      return event.policy;
    case 'config':
      if (event.problems.length > 0) return `not read: ${event.problems.join('; ')}`;
      return event.changed.length > 0 ? `changed: ${event.changed.join(' ')}` : 'nothing changed';
    case 'error':
      return event.message;
    case 'lost':
      return `${event.count} events are left out here: they came too fast`;
    default:
      return event satisfies never;
  }
}

function asker({ by, session }: Extract<ControlEvent, { kind: 'request' }>): string {
  if (by === 'session') return `session ${session}`;
  return session === null ? 'host' : `host, of session ${session},`;
}
