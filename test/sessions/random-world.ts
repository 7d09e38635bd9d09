import { type SelectionName, TEXT_TYPE } from '@clipmux/host';
import type { RpcError } from '@clipmux/rpc';
import { expect } from 'vitest';
import { contentsOf, nextEvent } from '../support/exchange.ts';
import { until } from '../support/wait.ts';
import { expectedToTakePart, type Login, type PolicyOfTest } from './model.ts';
import { WireAgent } from './wire-agent.ts';
import type { World } from './world.ts';

/** Uids of nobody: each login is another user's. */
const FIRST_UID = 1_800_000_000;
/** Longest time, in ms, that an agent takes for an answer: long enough that much happens meanwhile. */
const ANSWER_MS = 20;
/** A vdagent type that nobody else asks for (VD_AGENT_CLIPBOARD_IMAGE_TIFF). */
const MARK_TYPE = 4;
/** A uid that never has a login session. */
const STRANGER = FIRST_UID - 1;
const SELECTIONS: readonly SelectionName[] = ['clipboard', 'primary'];

/** What a session may be told in place of content. */
const REFUSALS = [
  'denied',
  'no-owner',
  'owner-died',
  'owner-refused',
  'type-unavailable',
  'connection-closed',
  'cancelled',
];

/** A request that has not been answered yet, and all who may have taken part since it was made. */
interface InFlight {
  readonly allowed: Set<string | null>;
  readonly done: Promise<void>;
}

/**
 * Users, the host and an administrator who do what they like, and what may come of it as the design says. All that is copied says who
 * copied it. What is checked is seen from outside only: by the host, by agents and by a monitor.
 */
export class RandomWorld {
  readonly #world: World;
  readonly #random: () => number;
  readonly #logins: readonly Login[];
  #policy: PolicyOfTest = 'active';
  #active: Login | null = null;
  #activities = 0;
  #contents = 0;
  /** Who may take part now: one, as soon as clipmuxd has been seen to have caught up. */
  #possible = new Set<string | null>([null]);
  readonly #inFlight = new Set<InFlight>();
  readonly #hostPastes = new Set<SelectionName>();
  /** Requests that the host has made, and answers that it has had. */
  #asked = 0;
  #answered = 0;
  readonly #failures: unknown[] = [];
  /** Pastes that were served, so that a test can see that it has tested something. */
  readonly served = { host: 0, sessions: 0 };
  /** What has been done, for a failure's message. */
  readonly history: string[] = [];

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
    this.#logins = ['s1', 's2', 's3', 'v1', 'v2'].map((id, index) => ({
      id,
      seat: id.startsWith('s') ? 'seat0' : '',
      uid: FIRST_UID + index,
      locked: false,
      there: false,
      agent: null,
      activity: 0,
    }));
    world.host.on('data', this.#onData);
    world.host.on('disconnected', this.#onDisconnected);
  }

  /** All log in, and the first is at the seat. */
  async begin(): Promise<void> {
    for (const login of this.#logins) this.#add(login);
    this.#activate(this.#logins[0] ?? null);
    for (const login of this.#logins) await this.#attach(login);
    await this.#caughtUp();
  }

  /** One random thing happens. Rejects when something has come of it that may not. */
  async step(): Promise<void> {
    const change = this.#pick([
      this.#logIn,
      this.#logOut,
      this.#connect,
      this.#connect,
      this.#disconnect,
      this.#switch,
      this.#switch,
      this.#lock,
      this.#unlock,
      this.#unlock,
      this.#unlock,
      this.#changePolicy,
      this.#copy,
    ]);
    const changes = this.#random() < 0.4;
    if (changes) {
      this.#stall();
      await change.call(this);
    }
    // What was just changed has not been heard everywhere yet.
    const others = Math.floor(this.#random() * 4);
    for (let count = 0; count < others; count += 1) {
      this.#exchange();
      if (!changes && this.#random() < 0.5) await this.#someHear();
    }
    if (changes) await this.#caughtUp();
    this.#throwFailure();
  }

  /** Everybody comes to rest: the host and the active session agree, and nobody else has anything of either. */
  async end(): Promise<void> {
    const [first] = this.#logins as [Login];
    await this.#setPolicy('active');
    for (const login of this.#logins) this.#setLocked(login, false);
    if (!first.there) this.#add(first);
    this.#activate(first);
    if (!first.agent) await this.#attach(first);
    await this.#caughtUp();
    await Promise.all([...this.#inFlight].map(({ done }) => done));
    for (let round = 0; round < 2; round += 1) await this.#flush();
    this.#throwFailure();
    for (const selection of SELECTIONS) await this.#expectAgreement(first.agent as WireAgent, selection);
    for (const { agent } of this.#logins) {
      if (!agent || agent === first.agent) continue;
      for (const selection of SELECTIONS) {
        expect(agent.given(selection)).toBeNull();
        await expect(agent.paste(selection)).rejects.toMatchObject({ name: 'denied' });
      }
    }
    expect(this.#answered, 'answers to the host').toBe(this.#asked);
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()));
  }

  // --- who takes part

  get #expected(): Login | null {
    return expectedToTakePart(this.#logins, this.#policy, this.#active);
  }

  /** Something was done that may let somebody else take part; who did before may go on until clipmuxd has heard. */
  #mayChange(): void {
    this.#mayTakePart(this.#expected?.id ?? null);
  }

  #mayTakePart(id: string | null): void {
    this.#possible.add(id);
    for (const { allowed } of this.#inFlight) allowed.add(id);
  }

  /** Waits until clipmuxd has heard all that has happened: then the right one takes part, and everybody has been told. */
  async #caughtUp(): Promise<void> {
    const { sessionSocket, control } = this.#world;
    // Before it turns away who has no login session, clipmuxd hears out what logind has told so far.
    await expect(WireAgent.connect(sessionSocket, { uid: STRANGER })).rejects.toMatchObject({ name: 'denied' });
    const expected = this.#expected;
    const { eligible } = await control.call('status', {});
    if (eligible.session !== (expected?.agent?.id ?? null)) {
      throw new Error(`${expected?.id ?? 'nobody'} should take part, and clipmuxd says ${JSON.stringify(eligible)}`);
    }
    this.#world.host.setFaults({});
    await Promise.all(this.#agents.map((agent) => agent.heard()));
    this.#possible = new Set([expected?.id ?? null]);
  }

  /** Perhaps the host reads nothing for a while, and somebody who takes part pastes: that is in flight when it changes. */
  #stall(): void {
    if (this.#random() < 0.5) return;
    this.#world.host.setFaults({ reading: false });
    for (const selection of SELECTIONS) this.#paste(selection);
  }

  /** What was said on some of the ways has been heard; on others it is still under way. */
  async #someHear(): Promise<void> {
    const { agent } = this.#pick(this.#logins);
    if (agent) await agent.heard();
    if (this.#random() < 0.5) await this.#hostHears();
  }

  get #agents(): readonly WireAgent[] {
    return this.#logins.flatMap(({ agent }) => agent ?? []);
  }

  // --- what changes who takes part

  async #logIn(): Promise<void> {
    const login = this.#pick(this.#logins);
    if (login.there) return;
    this.#add(login);
  }

  #add(login: Login): void {
    this.#did(`${login.id} logs in`);
    login.there = true;
    login.locked = false;
    this.#world.mock.addSession({ id: login.id, uid: login.uid, user: login.id, seat: login.seat });
  }

  async #logOut(): Promise<void> {
    const login = this.#pick(this.#logins);
    if (!login.there || this.#random() < 0.5) return;
    this.#did(`${login.id} logs out`);
    login.there = false;
    const { agent } = login;
    login.agent = null;
    if (this.#active === login) this.#active = null;
    this.#mayChange();
    this.#world.mock.removeSession(login.id);
    if (agent) expect(await agent.closed).toMatchObject({ name: 'denied' });
  }

  async #connect(): Promise<void> {
    const login = this.#pick(this.#logins);
    if (!login.agent) await this.#attach(login);
  }

  async #attach(login: Login): Promise<void> {
    const { sessionSocket } = this.#world;
    const { id, uid, there } = login;
    const options = { uid, named: id, beforeAnswer: () => this.#pause() };
    if (!there) {
      await expect(WireAgent.connect(sessionSocket, options)).rejects.toMatchObject({ name: 'denied' });
      return;
    }
    this.#did(`the agent of ${id} connects`);
    // It may take part before its id is known here.
    this.#mayTakePart(id);
    const agent = await WireAgent.connect(sessionSocket, options);
    agent.on('changed', () => this.#check(`${id} is given something`, () => this.#expectMayHave(login, agent)));
    login.agent = agent;
    await this.#touch(login);
    this.#mayChange();
  }

  async #disconnect(): Promise<void> {
    const login = this.#pick(this.#logins);
    const { agent } = login;
    if (!agent) return;
    this.#did(`the agent of ${login.id} leaves`);
    login.agent = null;
    this.#mayChange();
    const left = this.#world.happens('session-removed', ({ session }) => session === agent.id);
    await agent.close();
    await left;
  }

  async #switch(): Promise<void> {
    const there = this.#logins.filter(({ seat, there }) => seat !== '' && there);
    this.#activate(this.#pick([...there, ...there, null]));
  }

  #activate(login: Login | null): void {
    this.#did(login ? `${login.id} comes to the seat` : 'nobody is at the seat');
    this.#active = login;
    this.#mayChange();
    if (login) this.#world.mock.activate(login.id);
    else this.#world.mock.deactivate();
  }

  async #lock(): Promise<void> {
    this.#setLocked(this.#pick(this.#logins), true);
  }

  async #unlock(): Promise<void> {
    this.#setLocked(this.#pick(this.#logins), false);
  }

  #setLocked(login: Login, locked: boolean): void {
    if (!login.there || login.locked === locked) return;
    this.#did(`${login.id} is ${locked ? 'locked' : 'unlocked'}`);
    login.locked = locked;
    this.#mayChange();
    if (locked) this.#world.mock.lock(login.id);
    else this.#world.mock.unlock(login.id);
  }

  async #changePolicy(): Promise<void> {
    const pins = this.#agents.map(({ id }) => ({ pinned: id }));
    await this.#setPolicy(
      this.#pick(['active', 'active', 'active', 'active', 'off', this.#pick([...pins, 'active' as const])] as const),
    );
  }

  async #setPolicy(policy: PolicyOfTest): Promise<void> {
    const text = typeof policy === 'string' ? policy : `pinned:${policy.pinned}`;
    this.#did(`policy ${text}`);
    this.#policy = policy;
    this.#mayChange();
    await this.#world.control.call('policy.set', { policy: text });
  }

  /** A copy may bring a session without a seat in. */
  async #copy(): Promise<void> {
    const login = this.#pick(this.#logins);
    if (!login.agent) return;
    this.#mayTakePart(login.id);
    this.#copyIn(login, login.agent);
    await login.agent.heard();
    await this.#touch(login);
  }

  /** Counts an activity; the next one is of another millisecond, so that clipmuxd can tell them apart. */
  async #touch(login: Login): Promise<void> {
    this.#activities += 1;
    login.activity = this.#activities;
    this.#mayChange();
    const now = Date.now();
    await until(() => Date.now() > now, 'the next millisecond');
  }

  // --- what is exchanged

  #exchange(): void {
    const selection = this.#pick(SELECTIONS);
    this.#pick([
      this.#copySeated,
      this.#copySeated,
      this.#copySeated,
      this.#copySeated,
      this.#release,
      this.#hostCopy,
      this.#hostRelease,
      this.#paste,
      this.#paste,
      this.#hostPaste,
      this.#hostPaste,
      this.#hostPaste,
    ]).call(this, selection);
  }

  /** At the seat a copy does not change who takes part. */
  #copySeated(selection: SelectionName): void {
    const seated = this.#logins.filter(({ agent, seat }) => agent && seat !== '');
    const login = (this.#random() < 0.6 && seated.find((each) => each === this.#expected)) || this.#pick(seated);
    if (login?.agent) this.#copyIn(login, login.agent, selection);
  }

  #copyIn(login: Login, agent: WireAgent, selection: SelectionName = this.#pick(SELECTIONS)): void {
    const content = this.#content(login.id);
    this.#did(`${login.id} copies ${content} to ${selection}`);
    agent.copy(content, { selection });
  }

  #release(selection: SelectionName): void {
    const { id, agent } = this.#pick(this.#logins);
    if (!agent?.offers(selection)) return;
    this.#did(`${id} gives ${selection} up`);
    agent.release(selection);
  }

  #hostCopy(selection: SelectionName): void {
    const content = this.#content('host');
    this.#did(`the host copies ${content} to ${selection}`);
    this.#world.host.copy(selection, contentsOf(content));
  }

  #hostRelease(selection: SelectionName): void {
    if (this.#random() < 0.5) return;
    this.#did(`the host gives ${selection} up`);
    this.#world.host.release(selection);
  }

  #paste(selection: SelectionName): void {
    // Mostly one who should get something.
    const { id, agent } = (this.#random() < 0.7 && this.#expected) || this.#pick(this.#logins);
    if (!agent) return;
    this.#did(`${id} pastes ${selection}`);
    this.#begin(`${id} pastes ${selection}`, async (allowed) => {
      const content = await agent.paste(selection).catch((error: RpcError) => {
        expect(REFUSALS).toContain(error.name);
        return null;
      });
      if (content === null) return;
      this.served.sessions += 1;
      expect(content).toMatch(/^host#/);
      expect([...allowed]).toContain(id);
    });
  }

  #hostPaste(selection: SelectionName): void {
    const { host } = this.#world;
    if (!host.offered(selection)?.includes(TEXT_TYPE) || this.#hostPastes.has(selection)) return;
    this.#did(`the host pastes ${selection}`);
    this.#hostPastes.add(selection);
    this.#asked += 1;
    this.#begin(`the host pastes ${selection}`, async (allowed) => {
      const content = Buffer.from(await host.paste(selection, TEXT_TYPE, { timeout: 10_000 })).toString();
      this.#hostPastes.delete(selection);
      if (content === '') return;
      this.served.host += 1;
      expect([...allowed]).toContain(/^(.*)#/.exec(content)?.[1]);
    });
  }

  #begin(what: string, work: (allowed: ReadonlySet<string | null>) => Promise<void>): void {
    const allowed = new Set(this.#possible);
    const done = work(allowed)
      .catch((error: unknown) => this.#failed(what, error))
      .finally(() => this.#inFlight.delete(request));
    const request: InFlight = { allowed, done };
    this.#inFlight.add(request);
  }

  /** What was said so far has been heard everywhere: by clipmuxd from the host and from all agents, and the other way round. */
  async #flush(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.heard()));
    await this.#hostHears();
    await Promise.all(this.#agents.map((agent) => agent.heard()));
  }

  /** What clipmuxd and the host have said to one another has been heard: it answers, in order, what nobody can offer. */
  async #hostHears(): Promise<void> {
    const SECONDARY = 2;
    const answered = nextEvent(this.#world.host, 'data', ({ clipboardType }) => clipboardType === MARK_TYPE);
    this.#asked += 1;
    this.#world.host.send({ type: 'clipboard-request', selection: SECONDARY, clipboardType: MARK_TYPE });
    await answered;
  }

  // --- what must hold

  #expectMayHave({ id }: Login, agent: WireAgent): void {
    const given = SELECTIONS.filter((selection) => agent.given(selection) !== null);
    if (given.length > 0) expect([...this.#possible]).toContain(id);
  }

  async #expectAgreement(agent: WireAgent, selection: SelectionName): Promise<void> {
    const { host } = this.#world;
    const [given, offers] = [agent.given(selection), agent.offers(selection)];
    if (host.owns(selection)) {
      expect(given).toEqual([TEXT_TYPE]);
      expect(await agent.paste(selection)).toMatch(/^host#/);
    } else if (offers) {
      expect(host.offered(selection)).toEqual(offers);
      this.#asked += 1;
      expect(Buffer.from(await host.paste(selection, TEXT_TYPE, { timeout: 10_000 })).toString()).toMatch(/^s1#/);
    } else {
      expect(given).toBeNull();
      expect(host.offered(selection)).toBeUndefined();
    }
  }

  readonly #onData = (): void => {
    this.#answered += 1;
  };

  readonly #onDisconnected = (): void => this.#failed('the port was closed', new Error('disconnected'));

  #check(what: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): void {
    this.#did(`WRONG: ${what}`);
    this.#failures.push(error);
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #did(what: string): void {
    this.history.push(what);
  }

  #content(origin: string): string {
    this.#contents += 1;
    return `${origin}#${this.#contents}`;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#random() * ANSWER_MS));
  }

  /** One of them; undefined of none. */
  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }
}
