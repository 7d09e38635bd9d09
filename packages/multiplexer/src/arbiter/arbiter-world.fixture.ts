import assert from 'node:assert/strict';
import { arbitrate } from './arbiter.ts';
import type { ArbiterEffect, ArbiterEvent } from './events.ts';
import { permitted, type Rules } from './rules.ts';
import { SELECTIONS, type Selection } from './selection.ts';
import { INITIAL_STATE, type RequestId, type SessionId } from './state.ts';

export type WorldAction =
  | { do: 'attach-host'; regrabRelease: boolean }
  | { do: 'settle-host' | 'detach-host' | 'host-answers' | 'host-fails' | 'session-times-out' }
  | { do: 'connect' | 'disconnect'; session: number }
  | { do: 'make-eligible'; session: number | null }
  | { do: 'program-copies'; session: number; selection: Selection; types: string[]; secret?: boolean }
  | { do: 'hold'; session: number; selection: Selection; types: string[]; share: boolean }
  | { do: 'change-rules'; rules: Rules }
  | { do: 'expire-host-content'; selection: Selection }
  | { do: 'program-exits'; session: number; selection: Selection }
  | { do: 'host-copies'; selection: Selection; types: string[] }
  | { do: 'host-releases'; selection: Selection }
  | { do: 'host-pastes'; selection: Selection; type: string }
  | { do: 'program-pastes'; session: number; selection: Selection; type: string }
  | { do: 'deliver-to-session' | 'deliver-to-arbiter'; session: number };

/** A session as its X server sees it, with the two directions of its wire as queues that deliver when told to. */
interface ModelSession {
  readonly id: SessionId;
  readonly owner: Record<Selection, 'nobody' | 'agent' | 'program'>;
  readonly seen: Record<Selection, number>;
  readonly toAgent: ArbiterEffect[];
  readonly toArbiter: ArbiterEvent[];
}

/** A host, sessions and wires around the real arbiter. The host is told at once; sessions are told when a message is delivered. */
export class ArbiterWorld {
  private state = INITIAL_STATE;
  private readonly ignoreSeen: boolean;
  private hostOwner: Record<Selection, 'nobody' | 'host' | 'guest'> = { clipboard: 'nobody', primary: 'nobody' };
  private readonly slots = new Map<number, ModelSession>();
  private nextSession: SessionId = 1;
  private nextRequest: RequestId = 1;
  private readonly openHostRequests = new Set<RequestId>();
  private readonly openSessionRequests = new Map<RequestId, SessionId>();
  private readonly askedOfHost = new Set<RequestId>();

  constructor(options: { ignoreSeen?: boolean } = {}) {
    this.ignoreSeen = options.ignoreSeen ?? false;
  }

  act(action: WorldAction): void {
    switch (action.do) {
      case 'attach-host':
        this.openHostRequests.clear(); // the old client is gone and waits for nothing
        this.hostOwner = { clipboard: 'nobody', primary: 'nobody' };
        return this.apply({
          kind: 'host-attached',
          features: { selections: SELECTIONS, releaseBeforeRegrab: action.regrabRelease },
        });
      case 'settle-host':
        return this.apply({ kind: 'host-settled' });
      case 'detach-host':
        this.openHostRequests.clear();
        this.hostOwner = { clipboard: 'nobody', primary: 'nobody' };
        return this.apply({ kind: 'host-detached' });
      case 'connect': {
        if (this.slots.has(action.session)) return;
        const id = this.nextSession++;
        this.slots.set(action.session, {
          id,
          owner: { clipboard: 'nobody', primary: 'nobody' },
          seen: { clipboard: 0, primary: 0 },
          toAgent: [],
          toArbiter: [],
        });
        return this.apply({ kind: 'session-connected', session: id });
      }
      case 'disconnect': {
        const gone = this.slots.get(action.session);
        if (!gone) return;
        this.slots.delete(action.session);
        for (const lost of gone.toArbiter)
          if (lost.kind === 'session-request') this.openSessionRequests.delete(lost.request);
        return this.apply({ kind: 'session-disconnected', session: gone.id });
      }
      case 'make-eligible':
        return this.apply({
          kind: 'eligible-changed',
          session: action.session === null ? null : (this.slots.get(action.session)?.id ?? null),
        });
      case 'program-copies': {
        const session = this.slots.get(action.session);
        if (!session) return;
        session.owner[action.selection] = 'program';
        session.toArbiter.push({
          kind: 'session-grab',
          session: session.id,
          selection: action.selection,
          types: action.types,
          secret: action.secret ?? false,
          seen: session.seen[action.selection],
        });
        return;
      }
      case 'hold': {
        const session = this.slots.get(action.session);
        const { selection, types, share } = action;
        if (session) this.apply({ kind: 'hold', session: session.id, selection, types, share });
        return;
      }
      case 'change-rules':
        return this.apply({ kind: 'rules-changed', rules: action.rules });
      case 'expire-host-content':
        // Also where the host has not been told yet that the guest owns the selection: what it offered is forgotten.
        if (this.state.ledger[action.selection].kind === 'host' || this.state.hostOffers[action.selection] !== null)
          this.hostOwner[action.selection] = 'nobody';
        return this.apply({ kind: 'host-content-expired', selection: action.selection });
      case 'program-exits': {
        const session = this.slots.get(action.session);
        if (session?.owner[action.selection] !== 'program') return;
        session.owner[action.selection] = 'nobody';
        session.toArbiter.push({
          kind: 'session-release',
          session: session.id,
          selection: action.selection,
          seen: session.seen[action.selection],
        });
        return;
      }
      case 'host-copies':
        if (this.state.host.phase === 'absent') return;
        this.hostOwner[action.selection] = 'host';
        return this.apply({ kind: 'host-grab', selection: action.selection, types: action.types });
      case 'host-releases':
        if (this.hostOwner[action.selection] !== 'host') return;
        this.hostOwner[action.selection] = 'nobody';
        return this.apply({ kind: 'host-release', selection: action.selection });
      case 'host-pastes': {
        if (this.state.host.phase === 'absent') return;
        const request = this.nextRequest++;
        this.openHostRequests.add(request);
        return this.apply({ kind: 'host-request', request, selection: action.selection, type: action.type });
      }
      case 'program-pastes': {
        const session = this.slots.get(action.session);
        if (!session) return;
        const request = this.nextRequest++;
        this.openSessionRequests.set(request, session.id);
        session.toArbiter.push({
          kind: 'session-request',
          request,
          session: session.id,
          selection: action.selection,
          type: action.type,
        });
        return;
      }
      case 'deliver-to-session':
        return this.deliverToSession(this.slots.get(action.session));
      case 'deliver-to-arbiter': {
        const event = this.slots.get(action.session)?.toArbiter.shift();
        if (event) this.apply(event);
        return;
      }
      case 'host-answers':
      case 'host-fails': {
        const [request] = this.askedOfHost;
        if (request === undefined) return;
        this.askedOfHost.delete(request);
        return this.apply(
          action.do === 'host-answers'
            ? { kind: 'host-answered', request }
            : { kind: 'host-failed', request, refusal: 'timed-out' },
        );
      }
      case 'session-times-out': {
        const [request] = this.state.hostRequests.keys();
        if (request !== undefined) this.apply({ kind: 'session-failed', request, reason: 'owner-failed' });
        return;
      }
      default:
        action satisfies never;
    }
  }

  /** Delivers everything under way; answers and times out whatever is still open. */
  drain(): void {
    this.act({ do: 'settle-host' });
    let busy = true;
    while (busy) {
      busy = false;
      for (const [slot, session] of this.slots) {
        while (session.toArbiter.length > 0) {
          busy = true;
          this.act({ do: 'deliver-to-arbiter', session: slot });
        }
        while (session.toAgent.length > 0) {
          busy = true;
          this.act({ do: 'deliver-to-session', session: slot });
        }
      }
    }
    while (this.askedOfHost.size > 0) this.act({ do: 'host-answers' });
    while (this.state.hostRequests.size > 0) this.act({ do: 'session-times-out' });
  }

  /** Everybody says the same of who owns what, and what is private stays where it is. */
  checkAgreement(): void {
    for (const selection of SELECTIONS) {
      for (const { id, owner } of this.slots.values()) {
        const known = this.state.sessions.get(id)?.[selection];
        const expected = known?.given ? 'agent' : known?.offer ? 'program' : 'nobody';
        assert.equal(owner[selection], expected, `the owner of ${selection} in session ${id}`);
        if (known?.given === 'host')
          assert.equal(id, this.state.eligible, 'only who takes part holds the host’s content');
      }
      this.checkHostAgrees(selection);
    }
  }

  private checkHostAgrees(selection: Selection): void {
    const owner = this.state.ledger[selection];
    const own = this.state.eligible === null ? undefined : this.state.sessions.get(this.state.eligible)?.[selection];
    const { rules, host } = this.state;
    const toSession = rules.toSession[selection].allowed;
    switch (owner.kind) {
      case 'host':
        assert.equal(this.hostOwner[selection], 'host');
        if (own && toSession)
          assert.ok(own.given === 'host' || own.offer || own.held, 'the session has the host’s offer');
        return;
      case 'session':
      case 'held':
        assert.equal(owner.session, this.state.eligible);
        if (host.phase === 'ready') assert.equal(this.hostOwner[selection], 'guest');
        assert.equal(own?.given ?? null, owner.kind === 'held' ? 'held' : null);
        return;
      case 'nobody':
        if (host.phase === 'ready') assert.equal(this.hostOwner[selection], 'nobody');
        assert.notEqual(own?.given, 'host');
        if (own?.held) assert.ok(!own.held.share || permitted(rules.toHost[selection], own.held.types).length === 0);
        if (own?.offer && !(own.offer.secret && rules.withholdSecrets)) {
          assert.equal(permitted(rules.toHost[selection], own.offer.types).length, 0, 'what may be shared is');
        }
    }
  }

  checkEveryRequestAnswered(): void {
    assert.deepEqual([...this.openHostRequests], []);
    assert.deepEqual([...this.openSessionRequests.keys()], []);
  }

  private deliverToSession(session: ModelSession | undefined): void {
    const effect = session?.toAgent.shift();
    if (!session || !effect) return;
    if (effect.kind === 'grab-to-session') {
      session.owner[effect.selection] = 'agent';
      session.seen[effect.selection] = effect.serial;
    } else if (effect.kind === 'release-to-session') {
      if (session.owner[effect.selection] === 'agent') session.owner[effect.selection] = 'nobody';
      session.seen[effect.selection] = effect.serial;
    } else if (effect.kind === 'request-to-session') {
      session.toArbiter.push({ kind: 'session-answered', request: effect.request, size: 1 });
    }
  }

  private apply(event: ArbiterEvent): void {
    const told: ArbiterEvent =
      this.ignoreSeen && event.kind === 'session-grab' ? { ...event, seen: Number.MAX_SAFE_INTEGER } : event;
    const { state, effects } = arbitrate(this.state, told);
    this.state = state;
    for (const effect of effects) this.perform(effect);
    for (const request of state.hostRequests.values()) {
      const owner = state.ledger[request.selection];
      assert.ok(owner.kind === 'session' && owner.session === request.session, 'the host waits only for the owner');
      assert.ok(owner.types.includes(request.type), 'the host waits only for what the owner offers');
    }
    for (const { session } of state.sessionRequests.values()) assert.equal(session, state.eligible);
  }

  private perform(effect: ArbiterEffect): void {
    switch (effect.kind) {
      case 'grab-to-host':
        assert.equal(this.state.host.phase, 'ready', 'a host is offered something only once it has settled');
        this.checkMayLeave(effect.selection, effect.types);
        this.hostOwner[effect.selection] = 'guest';
        return;
      case 'release-to-host':
        assert.equal(this.hostOwner[effect.selection], 'guest', 'only what the guest owns is released');
        this.hostOwner[effect.selection] = 'nobody';
        return;
      case 'request-to-host':
        this.askedOfHost.add(effect.request);
        return;
      case 'empty-to-host':
      case 'held-to-host':
      case 'data-to-host':
        assert.ok(this.openHostRequests.delete(effect.request), `host request ${effect.request} is answered once`);
        return;
      case 'refuse-session':
      case 'held-to-session':
      case 'data-to-session': {
        const session = this.openSessionRequests.get(effect.request);
        assert.ok(session !== undefined, `session request ${effect.request} is answered once`);
        if (effect.kind === 'data-to-session') assert.equal(session, this.state.eligible);
        this.openSessionRequests.delete(effect.request);
        return;
      }
      case 'grab-to-session': {
        const given = this.state.sessions.get(effect.session)?.[effect.selection].given;
        if (given !== 'held')
          assert.equal(effect.session, this.state.eligible, 'only who takes part is given anything');
        this.find(effect.session)?.toAgent.push(effect);
        return;
      }
      case 'request-to-session':
        assert.equal(effect.session, this.state.eligible, 'only who takes part is asked anything');
        this.find(effect.session)?.toAgent.push(effect);
        return;
      case 'release-to-session':
        this.find(effect.session)?.toAgent.push(effect);
        return;
      case 'cancel-to-session':
      case 'drop-held':
      case 'owner-changed':
        return;
      default:
        effect satisfies never;
    }
  }

  private checkMayLeave(selection: Selection, types: readonly string[]): void {
    const { rules, eligible, sessions } = this.state;
    const own = eligible === null ? undefined : sessions.get(eligible)?.[selection];
    assert.deepEqual(
      [...types],
      [...permitted(rules.toHost[selection], types)],
      'only permitted types leave the guest',
    );
    assert.ok(types.length > 0, 'nothing is not offered');
    assert.ok(!(own?.offer?.secret && rules.withholdSecrets), 'no password leaves the guest');
    if (own?.held) assert.ok(own.held.share, 'held content leaves the guest only where it is shared');
  }

  private find(id: SessionId): ModelSession | undefined {
    return [...this.slots.values()].find((session) => session.id === id);
  }
}
