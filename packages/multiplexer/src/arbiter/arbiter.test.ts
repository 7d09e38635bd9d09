import { describe, expect, it } from 'vitest';
import { arbitrate } from './arbiter.ts';
import type { ArbiterEffect, ArbiterEvent } from './events.ts';
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
const sessionGrab = (session = 1, seen = 0, types = [TEXT]): ArbiterEvent => ({
  kind: 'session-grab',
  session,
  selection: 'clipboard',
  types,
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
      { kind: 'session-grab', session: 1, selection: 'primary', types: [TEXT], seen: 0 },
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
      { kind: 'empty-to-host', request: 7 },
    ]);
    expect(run([...OFFERED, hostRequest(7, PNG)]).effects).toEqual([{ kind: 'empty-to-host', request: 7 }]);
  });

  it('is answered with nothing when the session that was asked stops taking part, and its late answer is nobody’s', () => {
    const left = run([...OFFERED, hostRequest(7), { kind: 'eligible-changed', session: null }]);
    expect(left.effects).toEqual([
      { kind: 'cancel-to-session', request: 7 },
      { kind: 'empty-to-host', request: 7 },
      { kind: 'release-to-host', selection: 'clipboard' },
    ]);
    expect(run([{ kind: 'session-answered', request: 7, size: 5 }], left.state).effects).toEqual([]);
  });

  it('is answered with nothing when the content is larger than the host takes', () => {
    const asked = [...OFFERED, { kind: 'host-max-clipboard', limit: 4 } as const, hostRequest(7)];
    expect(run([...asked, { kind: 'session-answered', request: 7, size: 5 }]).effects).toEqual([
      { kind: 'cancel-to-session', request: 7 },
      { kind: 'empty-to-host', request: 7 },
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
    expect(run([hostRequest(3)], state).effects).toEqual([{ kind: 'empty-to-host', request: 3 }]);
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

  it('withdraws what the old session offered where the new one owns nothing', () => {
    const { effects } = run([...TWO, sessionGrab(1), { kind: 'eligible-changed', session: 2 }]);
    expect(effects).toEqual([{ kind: 'release-to-host', selection: 'clipboard' }]);
  });
});
