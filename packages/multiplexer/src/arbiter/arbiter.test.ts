import { describe, expect, it } from 'vitest';
import { arbitrate } from './arbiter.ts';
import type { ArbiterEffect, ArbiterEvent } from './events.ts';
import { NO_RULES, type Rules } from './rules.ts';
import { type ArbiterState, type HostFeatures, INITIAL_STATE } from './state.ts';

const FEATURES: HostFeatures = { selections: ['clipboard', 'primary'], releaseBeforeRegrab: false };
const TEXT = 'text/plain;charset=utf-8';
const PNG = 'image/png';

/** Runs the events one after another; returns the effects of the last and the state after it. */
function run(events: readonly ArbiterEvent[], start: ArbiterState = INITIAL_STATE) {
  let state = start;
  let effects: readonly ArbiterEffect[] = [];
  for (const event of events) ({ state, effects } = arbitrate(state, event));
  return { state, effects: effects.filter((effect) => effect.kind !== 'owner-changed') };
}

const HOST_READY: ArbiterEvent[] = [{ kind: 'host-attached', features: FEATURES }, { kind: 'host-settled' }];
const ONE_SESSION: ArbiterEvent[] = [
  { kind: 'session-connected', session: 1 },
  { kind: 'eligible-changed', session: 1 },
];
const hostGrab = (types = [TEXT]): ArbiterEvent => ({ kind: 'host-grab', selection: 'clipboard', types });
const sessionGrab = (session = 1, seen = 0, types = [TEXT], secret = false): ArbiterEvent => ({
  kind: 'session-grab',
  session,
  selection: 'clipboard',
  types,
  secret,
  seen,
});
const hostRequest = (request: number, type = TEXT): ArbiterEvent => ({
  kind: 'host-request',
  request,
  selection: 'clipboard',
  type,
});
const sessionRequest = (request: number, session = 1, type = TEXT): ArbiterEvent => ({
  kind: 'session-request',
  request,
  session,
  selection: 'clipboard',
  type,
});

describe('what the guest copies', () => {
  it('is offered to the host', () => {
    expect(run([...HOST_READY, ...ONE_SESSION, sessionGrab()]).effects).toEqual([
      { kind: 'grab-to-host', selection: 'clipboard', types: [TEXT] },
    ]);
  });

  it('is offered again to a new client, once that had the time to repeat a standing offer', () => {
    const again = run([...HOST_READY, ...ONE_SESSION, sessionGrab(), { kind: 'host-attached', features: FEATURES }]);
    expect(again.effects).toEqual([]);
    expect(run([{ kind: 'host-settled' }], again.state).effects).toEqual([
      { kind: 'grab-to-host', selection: 'clipboard', types: [TEXT] },
    ]);
  });

  it('gives way to a standing offer that the host repeats after it attached', () => {
    const { state, effects } = run([
      ...ONE_SESSION,
      sessionGrab(),
      { kind: 'host-attached', features: FEATURES },
      hostGrab(),
    ]);
    expect(effects).toEqual([
      { kind: 'grab-to-session', session: 1, selection: 'clipboard', serial: 1, types: [TEXT] },
    ]);
    expect(run([{ kind: 'host-settled' }], state).effects).toEqual([]);
  });

  it('is preceded by a release on a regrab only where the host needs that', () => {
    const attached: ArbiterEvent[] = [
      { kind: 'host-attached', features: { ...FEATURES, releaseBeforeRegrab: true } },
      { kind: 'host-settled' },
    ];
    const kinds = run([...attached, ...ONE_SESSION, sessionGrab(), sessionGrab()]).effects.map(({ kind }) => kind);
    expect(kinds).toEqual(['release-to-host', 'grab-to-host']);
    expect(run([...HOST_READY, ...ONE_SESSION, sessionGrab(), sessionGrab()]).effects.map(({ kind }) => kind)).toEqual([
      'grab-to-host',
    ]);
  });

  it('is not offered on a selection that the host cannot tell apart', () => {
    const { effects } = run([
      { kind: 'host-attached', features: { ...FEATURES, selections: ['clipboard'] } },
      { kind: 'host-settled' },
      ...ONE_SESSION,
      { kind: 'session-grab', session: 1, selection: 'primary', types: [TEXT], secret: false, seen: 0 },
    ]);
    expect(effects).toEqual([]);
  });

  it('is ignored when it crossed a grab of the host', () => {
    expect(run([...HOST_READY, ...ONE_SESSION, hostGrab(), sessionGrab(1, 0)]).effects).toEqual([]);
    expect(run([...HOST_READY, ...ONE_SESSION, hostGrab(), sessionGrab(1, 1)]).effects).toHaveLength(1);
  });
});

describe('a request of the host', () => {
  const OFFERED = [...HOST_READY, ...ONE_SESSION, sessionGrab()];

  it('goes to the session that owns the selection, and its answer goes back', () => {
    const asked = run([...OFFERED, hostRequest(7)]);
    expect(asked.effects).toEqual([
      { kind: 'request-to-session', request: 7, session: 1, selection: 'clipboard', type: TEXT },
    ]);
    expect(run([{ kind: 'session-answered', request: 7, size: 5 }], asked.state).effects).toEqual([
      { kind: 'data-to-host', request: 7 },
    ]);
  });

  it('gets empty content as content', () => {
    const asked = run([...OFFERED, hostRequest(7)]);
    expect(run([{ kind: 'session-answered', request: 7, size: 0 }], asked.state).effects).toEqual([
      { kind: 'data-to-host', request: 7 },
    ]);
  });

  it('is answered with nothing when nobody owns the selection or the type is not offered', () => {
    expect(run([...HOST_READY, ...ONE_SESSION, hostRequest(7)]).effects).toEqual([
      { kind: 'empty-to-host', request: 7, reason: 'no-owner' },
    ]);
    expect(run([...OFFERED, hostRequest(7, PNG)]).effects).toEqual([
      { kind: 'empty-to-host', request: 7, reason: 'type-unavailable' },
    ]);
  });

  it('is answered with nothing when the session that was asked stops taking part, and its late answer is nobody’s', () => {
    const left = run([...OFFERED, hostRequest(7), { kind: 'eligible-changed', session: null }]);
    expect(left.effects).toEqual([
      { kind: 'cancel-to-session', request: 7 },
      { kind: 'empty-to-host', request: 7, reason: 'ownership-ended' },
      { kind: 'release-to-host', selection: 'clipboard' },
    ]);
    expect(run([{ kind: 'session-answered', request: 7, size: 5 }], left.state).effects).toEqual([]);
  });

  it('is answered with nothing when the content is larger than the host takes', () => {
    const asked = [...OFFERED, { kind: 'host-max-clipboard', limit: 4 } as const, hostRequest(7)];
    expect(run([...asked, { kind: 'session-answered', request: 7, size: 5 }]).effects).toEqual([
      { kind: 'cancel-to-session', request: 7 },
      { kind: 'empty-to-host', request: 7, reason: 'too-large' },
    ]);
    expect(run([...asked, { kind: 'session-answered', request: 7, size: 4 }]).effects).toEqual([
      { kind: 'data-to-host', request: 7 },
    ]);
  });
});

describe('what the host copies', () => {
  it('is given to the eligible session, whose programs then own nothing', () => {
    const { state, effects } = run([...HOST_READY, ...ONE_SESSION, sessionGrab(), hostGrab([TEXT, PNG])]);
    expect(effects).toEqual([
      { kind: 'grab-to-session', session: 1, selection: 'clipboard', serial: 1, types: [TEXT, PNG] },
    ]);
    expect(run([hostRequest(3)], state).effects).toEqual([{ kind: 'empty-to-host', request: 3, reason: 'no-owner' }]);
  });

  it('empties the selection of the session even where no type can be served', () => {
    expect(run([...HOST_READY, ...ONE_SESSION, hostGrab([])]).effects).toEqual([
      { kind: 'grab-to-session', session: 1, selection: 'clipboard', serial: 1, types: [] },
    ]);
  });

  it('is served on request, and the request ends when the host releases', () => {
    const asked = run([...HOST_READY, ...ONE_SESSION, hostGrab(), sessionRequest(9)]);
    expect(asked.effects).toEqual([{ kind: 'request-to-host', request: 9, selection: 'clipboard', type: TEXT }]);
    expect(run([{ kind: 'host-answered', request: 9 }], asked.state).effects).toEqual([
      { kind: 'data-to-session', request: 9 },
    ]);
    expect(run([{ kind: 'host-release', selection: 'clipboard' }], asked.state).effects).toEqual([
      { kind: 'refuse-session', request: 9, refusal: 'owner-died' },
      { kind: 'release-to-session', session: 1, selection: 'clipboard', serial: 2 },
    ]);
  });

  it('is refused to a session that does not take part', () => {
    const two: ArbiterEvent[] = [...HOST_READY, ...ONE_SESSION, { kind: 'session-connected', session: 2 }, hostGrab()];
    expect(run([...two, sessionRequest(9, 2)]).effects).toEqual([
      { kind: 'refuse-session', request: 9, refusal: 'denied' },
    ]);
  });

  it('is taken from the sessions when the port closes', () => {
    const { effects } = run([...HOST_READY, ...ONE_SESSION, hostGrab(), sessionRequest(9), { kind: 'host-detached' }]);
    expect(effects).toEqual([
      { kind: 'refuse-session', request: 9, refusal: 'owner-died' },
      { kind: 'release-to-session', session: 1, selection: 'clipboard', serial: 2 },
    ]);
  });
});

describe('a switch of sessions', () => {
  const TWO: ArbiterEvent[] = [...HOST_READY, ...ONE_SESSION, { kind: 'session-connected', session: 2 }];

  it('gives the new session the host’s standing offer, whatever that session owns', () => {
    const { effects } = run([...TWO, hostGrab(), sessionGrab(2), { kind: 'eligible-changed', session: 2 }]);
    expect(effects).toEqual([
      { kind: 'release-to-session', session: 1, selection: 'clipboard', serial: 2 },
      { kind: 'grab-to-session', session: 2, selection: 'clipboard', serial: 1, types: [TEXT] },
    ]);
  });

  it('offers what the new session owns where the host offers nothing', () => {
    const { effects } = run([
      ...TWO,
      sessionGrab(1),
      sessionGrab(2, 0, [PNG]),
      { kind: 'eligible-changed', session: 2 },
    ]);
    expect(effects).toEqual([{ kind: 'grab-to-host', selection: 'clipboard', types: [PNG] }]);
  });

  it('lets the copy that brought a session in win over the host’s standing offer, on that selection alone', () => {
    const { effects } = run([
      ...TWO,
      hostGrab(),
      { kind: 'host-grab', selection: 'primary', types: [TEXT] },
      sessionGrab(2, 0, [PNG]),
      { kind: 'eligible-changed', session: 2, copied: 'clipboard' },
    ]);
    expect(effects).toEqual([
      { kind: 'release-to-session', session: 1, selection: 'clipboard', serial: 2 },
      { kind: 'grab-to-host', selection: 'clipboard', types: [PNG] },
      { kind: 'release-to-session', session: 1, selection: 'primary', serial: 2 },
      { kind: 'grab-to-session', session: 2, selection: 'primary', serial: 1, types: [TEXT] },
    ]);
  });

  it('withdraws what the old session offered where the new one owns nothing', () => {
    const { effects } = run([...TWO, sessionGrab(1), { kind: 'eligible-changed', session: 2 }]);
    expect(effects).toEqual([{ kind: 'release-to-host', selection: 'clipboard' }]);
  });
});

describe('what the administrator allows', () => {
  const rules = (change: Partial<Rules>): ArbiterEvent => ({
    kind: 'rules-changed',
    rules: { ...NO_RULES, ...change },
  });
  const OFF = { allowed: false, types: null };
  const OPEN = { allowed: true, types: null };
  const READY = [...HOST_READY, ...ONE_SESSION];

  it('keeps copies of the guest from the host where that direction is off, and leaves the host’s offer standing', () => {
    const off = rules({ toHost: { clipboard: OFF, primary: OPEN } });
    const { state, effects } = run([...READY, off, hostGrab(), sessionGrab(1, 1)]);
    expect(effects).toEqual([]);
    expect(state.ledger.clipboard).toEqual({ kind: 'host', types: [TEXT] });
  });

  it('withdraws what the host was offered when the direction is switched off, and offers it again when on', () => {
    const off = run([...READY, sessionGrab(), rules({ toHost: { clipboard: OFF, primary: OPEN } })]);
    expect(off.effects).toEqual([{ kind: 'release-to-host', selection: 'clipboard' }]);
    expect(run([rules({})], off.state).effects).toEqual([
      { kind: 'grab-to-host', selection: 'clipboard', types: [TEXT] },
    ]);
  });

  it('leaves the session’s selection alone where the host’s content may not come in', () => {
    const off = rules({ toSession: { clipboard: OFF, primary: OPEN } });
    expect(run([...READY, off, hostGrab()]).effects).toEqual([]);
    expect(run([...READY, off, hostGrab(), sessionRequest(4)]).effects).toEqual([
      { kind: 'refuse-session', request: 4, refusal: 'denied' },
    ]);
  });

  it('lets only permitted types through, and whole kinds by image/*', () => {
    const images = { allowed: true, types: ['image/*'] };
    const only = rules({
      toHost: { clipboard: images, primary: OPEN },
      toSession: { clipboard: images, primary: OPEN },
    });
    expect(run([...READY, only, sessionGrab(1, 0, [TEXT, PNG])]).effects).toEqual([
      { kind: 'grab-to-host', selection: 'clipboard', types: [PNG] },
    ]);
    expect(run([...READY, only, hostGrab([TEXT, PNG])]).effects).toEqual([
      { kind: 'grab-to-session', session: 1, selection: 'clipboard', serial: 1, types: [PNG] },
    ]);
    expect(run([...READY, only, hostGrab([TEXT, PNG]), sessionRequest(4, 1, TEXT)]).effects).toEqual([
      { kind: 'refuse-session', request: 4, refusal: 'type-unavailable' },
    ]);
  });

  it('withholds what its program marks as a password, and withdraws what was offered before', () => {
    const { effects } = run([
      ...READY,
      rules({ withholdSecrets: true }),
      sessionGrab(),
      sessionGrab(1, 0, [TEXT], true),
    ]);
    expect(effects).toEqual([{ kind: 'release-to-host', selection: 'clipboard' }]);
  });

  it('answers the host with nothing where the content is larger than allowed', () => {
    const asked = [...READY, rules({ maxBytesToHost: 4 }), sessionGrab(), hostRequest(7)];
    expect(run([...asked, { kind: 'session-answered', request: 7, size: 5 }]).effects).toEqual([
      { kind: 'cancel-to-session', request: 7 },
      { kind: 'empty-to-host', request: 7, reason: 'too-large' },
    ]);
  });

  it('takes the host’s content away when its time is over, until the host copies again', () => {
    const expired = run([...READY, hostGrab(), { kind: 'host-content-expired', selection: 'clipboard' }]);
    expect(expired.effects).toEqual([{ kind: 'release-to-session', session: 1, selection: 'clipboard', serial: 2 }]);
    expect(run([hostGrab()], expired.state).effects).toHaveLength(1);
  });
});

describe('content that an administrator sets', () => {
  const hold = (share: boolean, session = 1, types = [TEXT]): ArbiterEvent => ({
    kind: 'hold',
    session,
    selection: 'clipboard',
    types,
    share,
  });
  const READY = [...HOST_READY, ...ONE_SESSION];

  it('is for the session alone unless it is shared', () => {
    const own = run([...READY, hold(false)]);
    expect(own.effects).toEqual([
      { kind: 'grab-to-session', session: 1, selection: 'clipboard', serial: 1, types: [TEXT] },
    ]);
    expect(run([hostRequest(3)], own.state).effects).toEqual([
      { kind: 'empty-to-host', request: 3, reason: 'no-owner' },
    ]);
    expect(run([sessionRequest(4)], own.state).effects).toEqual([
      { kind: 'held-to-session', request: 4, session: 1, selection: 'clipboard', type: TEXT },
    ]);
  });

  it('is offered to the host where it is shared, and served from what is held', () => {
    const shared = run([...READY, hold(true)]);
    expect(shared.effects).toContainEqual({ kind: 'grab-to-host', selection: 'clipboard', types: [TEXT] });
    expect(run([hostRequest(3)], shared.state).effects).toEqual([
      { kind: 'held-to-host', request: 3, session: 1, selection: 'clipboard', type: TEXT },
    ]);
  });

  it('reaches a session that takes no part, and is served there', () => {
    const other = run([...READY, { kind: 'session-connected', session: 2 }, hold(true, 2)]);
    expect(other.effects).toEqual([
      { kind: 'grab-to-session', session: 2, selection: 'clipboard', serial: 1, types: [TEXT] },
    ]);
    expect(run([sessionRequest(4, 2)], other.state).effects).toMatchObject([{ kind: 'held-to-session', session: 2 }]);
  });

  it('is dropped when a program or the host takes the selection, or the session leaves', () => {
    const drop = { kind: 'drop-held', session: 1, selection: 'clipboard' };
    expect(run([...READY, hold(false), sessionGrab(1, 1)]).effects).toContainEqual(drop);
    expect(run([...READY, hold(false), hostGrab()]).effects).toContainEqual(drop);
    expect(run([...READY, hold(false), { kind: 'session-disconnected', session: 1 }]).effects).toContainEqual(drop);
  });

  it('keeps new content when it is set over older content', () => {
    expect(run([...READY, hold(false), hold(false)]).effects).toEqual([
      { kind: 'grab-to-session', session: 1, selection: 'clipboard', serial: 2, types: [TEXT] },
    ]);
  });
});
