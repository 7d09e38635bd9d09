import { CONTROL_EVENT_KINDS, type ControlHappening, knownEvent } from '@clipmux/rpc';
import { describe, expect, it } from 'vitest';
import { formatEvent } from './event.ts';

const TEXT = 'text/plain;charset=utf-8';

const CASES: readonly (readonly [ControlHappening, string])[] = [
  [{ kind: 'session-added', session: 3, uid: 1000, display: ':0' }, 'session 3 of uid 1000 on display :0'],
  [{ kind: 'session-removed', session: 3, reason: 'it went' }, 'session 3: it went'],
  [{ kind: 'eligible', session: null, reason: 'locked' }, 'no session: it is locked'],
  [
    { kind: 'owner', selection: 'clipboard', owner: { kind: 'session', session: 3, types: [TEXT, 'image/png'] } },
    `clipboard is owned by session 3 (${TEXT} image/png)`,
  ],
  [{ kind: 'owner', selection: 'primary', owner: { kind: 'host', types: [] } }, 'primary is owned by host (no types)'],
  [
    { kind: 'request', request: 7, by: 'host', session: 3, selection: 'clipboard', type: TEXT },
    `7 host, of session 3, wants clipboard as ${TEXT}`,
  ],
  [
    { kind: 'request', request: 8, by: 'session', session: 3, selection: 'primary', type: TEXT },
    `8 session 3 wants primary as ${TEXT}`,
  ],
  [{ kind: 'answer', request: 7, size: 2048, error: null }, '7 2 KiB'],
  [{ kind: 'answer', request: 8, size: null, error: 'no-owner' }, '8 refused: no-owner'],
  [{ kind: 'port', state: 'open', error: null }, 'open'],
  [{ kind: 'port', state: 'waiting', error: 'it is missing' }, 'waiting: it is missing'],
  [
    { kind: 'host', attached: true, type: 'qemu', capabilities: ['a', 'b'], clipboard: true },
    'qemu, with clipboard (a b)',
  ],
  [{ kind: 'host', attached: false, type: null, capabilities: [], clipboard: false }, 'gone'],
  [{ kind: 'policy', policy: 'pinned:3' }, 'pinned:3'],
  [{ kind: 'config', changed: ['policy'], problems: [] }, 'changed: policy'],
  [{ kind: 'config', changed: [], problems: [] }, 'nothing changed'],
  [{ kind: 'config', changed: [], problems: ['a:1: x', 'a:2: y'] }, 'not read: a:1: x; a:2: y'],
  [{ kind: 'error', message: 'it failed' }, 'it failed'],
  [{ kind: 'lost', count: 5 }, '5 events are left out here: they came too fast'],
];

describe('formatEvent', () => {
  it.each(CASES)('writes %j on one line', (happening, text) => {
    const event = { ...happening, at: 1_700_000_000_042 };
    expect(knownEvent(event)).toEqual(event);
    const line = formatEvent(event);
    expect(line.slice(8)).toBe(`.042 ${happening.kind}: ${text}`);
  });

  it('has a case here for every kind', () => {
    expect([...new Set(CASES.map(([{ kind }]) => kind))].sort()).toEqual([...CONTROL_EVENT_KINDS].sort());
  });

  it('writes what it does not know as it came', () => {
    expect(formatEvent({ at: 0, kind: 'policy', policy: 3 } as never).slice(8)).toBe('.000 policy: {"policy":3}');
  });
});
