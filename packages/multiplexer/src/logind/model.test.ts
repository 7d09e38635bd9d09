import { describe, expect, it } from 'vitest';
import { type LogindEvent, LogindModel } from './model.ts';
import type { SeatProperties, SessionProperties } from './session.ts';

const ALICE = '/org/freedesktop/login1/session/_31';
const BOB = '/org/freedesktop/login1/session/_32';
const SEAT0 = '/org/freedesktop/login1/seat/seat0';

const alice: SessionProperties = {
  Id: '1',
  User: [1000, '/org/freedesktop/login1/user/_1000'],
  Name: 'alice',
  Seat: ['seat0', SEAT0],
  Type: 'x11',
  Class: 'user',
  Active: true,
  State: 'active',
  LockedHint: false,
  Remote: false,
  Display: ':0',
  Leader: 4711,
  Timestamp: 1_700_000_000_123_456n,
};
const bob: SessionProperties = { ...alice, Id: '2', User: [1001, '/u'], Name: 'bob', Active: false, State: 'online' };
const seat0: SeatProperties = { Id: 'seat0', ActiveSession: ['1', ALICE] };

/** A model that answers its own reads at once with these properties, as a logind at rest does. */
class World {
  readonly model = new LogindModel();
  readonly objects = new Map<string, SessionProperties | SeatProperties>();

  event(event: LogindEvent): void {
    for (const { kind, path, read } of this.model.apply(event)) {
      const properties = this.objects.get(path);
      if (kind === 'read-session')
        this.event({ kind: 'session-read', path, read, properties: properties as SessionProperties });
      else this.event({ kind: 'seat-read', path, read, properties: properties as SeatProperties });
    }
  }

  static withAliceActiveAndBob(): World {
    const world = new World();
    world.objects.set(ALICE, alice).set(BOB, bob).set(SEAT0, seat0);
    world.event({ kind: 'sessions-listed', paths: [ALICE, BOB] });
    world.event({ kind: 'seats-listed', paths: [SEAT0] });
    return world;
  }

  session(id: string) {
    return this.model.snapshot().get(id);
  }

  get activeIds(): readonly string[] {
    return [...this.model.snapshot().values()].filter(({ active }) => active).map(({ id }) => id);
  }
}

describe('sessions and seats of logind', () => {
  it('asks for the properties of each listed session and seat, and is incomplete until all are read', () => {
    const model = new LogindModel();
    const reads = [
      ...model.apply({ kind: 'sessions-listed', paths: [ALICE] }),
      ...model.apply({ kind: 'seats-listed', paths: [SEAT0] }),
    ];
    expect(reads.map(({ kind, path }) => [kind, path])).toEqual([
      ['read-session', ALICE],
      ['read-seat', SEAT0],
    ]);
    model.apply({ kind: 'session-read', path: ALICE, read: reads[0]!.read, properties: alice });
    expect(model.incomplete).toBe(true);
    model.apply({ kind: 'seat-read', path: SEAT0, read: reads[1]!.read, properties: seat0 });
    expect(model.incomplete).toBe(false);
    expect(model.settled).toBe(true);
  });

  it('describes a session in our terms: milliseconds, numbers, seat by its id', () => {
    expect(World.withAliceActiveAndBob().session('1')).toEqual({
      id: '1',
      uid: 1000,
      user: 'alice',
      seat: 'seat0',
      type: 'x11',
      class: 'user',
      active: true,
      locked: false,
      remote: false,
      display: ':0',
      leader: 4711,
      state: 'active',
      since: 1_700_000_000_123,
    });
  });

  it('follows changes of properties', () => {
    const world = World.withAliceActiveAndBob();
    world.event({
      kind: 'session-changed',
      path: ALICE,
      changes: { LockedHint: true, Type: 'wayland', Class: 'greeter' },
    });
    expect(world.session('1')).toMatchObject({ locked: true, type: 'wayland', class: 'greeter', user: 'alice' });
  });

  it('forgets a removed session', () => {
    const world = World.withAliceActiveAndBob();
    world.event({ kind: 'session-removed', path: BOB });
    expect([...world.model.snapshot().keys()]).toEqual(['1']);
  });

  it('keeps what it knows when a list names it again', () => {
    const world = World.withAliceActiveAndBob();
    expect(world.model.apply({ kind: 'sessions-listed', paths: [ALICE, BOB] })).toEqual([]);
  });

  it('keeps a session that is closing in that state', () => {
    const world = World.withAliceActiveAndBob();
    world.event({ kind: 'session-changed', path: BOB, changes: { State: 'closing' } });
    expect(world.session('2')?.state).toBe('closing');
  });

  it('calls a session without seat active if it says so', () => {
    const world = World.withAliceActiveAndBob();
    world.objects.set('/s/3', { ...bob, Id: '3', Seat: ['', '/'], Active: true });
    world.event({ kind: 'session-new', path: '/s/3' });
    expect(world.activeIds).toEqual(['1', '3']);
    expect(world.model.settled).toBe(true);
  });

  it("takes a session's own word where its seat is not known", () => {
    const world = new World();
    world.objects.set(ALICE, alice);
    world.event({ kind: 'sessions-listed', paths: [ALICE] });
    expect(world.activeIds).toEqual(['1']);
  });
});

describe('a switch, told in several signals', () => {
  const steps: readonly LogindEvent[] = [
    { kind: 'session-changed', path: ALICE, changes: { Active: false } },
    { kind: 'session-changed', path: BOB, changes: { Active: true } },
    { kind: 'seat-changed', path: SEAT0, changes: { ActiveSession: ['2', BOB] } },
  ];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];

  it.each(orders)(
    'ends with the new session in the order %i %i %i, and never has two or a wrong one before',
    (...order) => {
      const world = World.withAliceActiveAndBob();
      for (const [position, index] of order.entries()) {
        expect(world.activeIds.length).toBeLessThanOrEqual(1);
        expect(world.model.settled).toBe(position === 0);
        world.event(steps[index]!);
      }
      expect(world.activeIds).toEqual(['2']);
      expect(world.model.settled).toBe(true);
      expect(world.session('1')?.state).toBe('online');
    },
  );

  it('is not settled while the session that the seat names is being read', () => {
    const world = World.withAliceActiveAndBob();
    world.event({ kind: 'session-changed', path: ALICE, changes: { Active: false } });
    const [read] = world.model.apply({ kind: 'session-new', path: '/s/3' });
    world.event({ kind: 'seat-changed', path: SEAT0, changes: { ActiveSession: ['3', '/s/3'] } });
    expect(world.model.settled).toBe(false);
    expect(world.activeIds).toEqual([]);
    world.event({ kind: 'session-read', path: '/s/3', read: read!.read, properties: { ...alice, Id: '3' } });
    expect(world.model.settled).toBe(true);
    expect(world.activeIds).toEqual(['3']);
  });

  it('to nobody is settled', () => {
    const world = World.withAliceActiveAndBob();
    world.event({ kind: 'session-changed', path: ALICE, changes: { Active: false } });
    world.event({ kind: 'seat-changed', path: SEAT0, changes: { ActiveSession: ['', '/'] } });
    expect(world.model.settled).toBe(true);
    expect(world.activeIds).toEqual([]);
  });
});

describe('answers that race with signals', () => {
  it('never lets an answer undo what a signal said since it was asked for', () => {
    const model = new LogindModel();
    const [read] = model.apply({ kind: 'session-new', path: ALICE });
    model.apply({ kind: 'session-changed', path: ALICE, changes: { LockedHint: true } });
    model.apply({ kind: 'session-changed', path: ALICE, changes: { Type: 'wayland' } });
    model.apply({ kind: 'session-read', path: ALICE, read: read!.read, properties: alice });
    expect(model.snapshot().get('1')).toMatchObject({ locked: true, type: 'wayland' });
  });

  it('drops the answer about a session that was removed meanwhile', () => {
    const model = new LogindModel();
    const [read] = model.apply({ kind: 'session-new', path: ALICE });
    model.apply({ kind: 'session-removed', path: ALICE });
    model.apply({ kind: 'session-read', path: ALICE, read: read!.read, properties: alice });
    expect(model.snapshot().size).toBe(0);
    expect(model.incomplete).toBe(false);
  });

  it('takes an answer only for the read it belongs to when a session follows another under the same id', () => {
    const model = new LogindModel();
    const [first] = model.apply({ kind: 'session-new', path: ALICE });
    model.apply({ kind: 'session-removed', path: ALICE });
    const [second] = model.apply({ kind: 'session-new', path: ALICE });
    model.apply({ kind: 'session-unreadable', path: ALICE, read: first!.read });
    model.apply({ kind: 'session-read', path: ALICE, read: second!.read, properties: { ...alice, Name: 'carol' } });
    model.apply({ kind: 'session-read', path: ALICE, read: first!.read, properties: alice });
    expect(model.snapshot().get('1')?.user).toBe('carol');
  });

  it('drops a session that cannot be read', () => {
    const model = new LogindModel();
    const [read] = model.apply({ kind: 'session-new', path: ALICE });
    model.apply({ kind: 'session-unreadable', path: ALICE, read: read!.read });
    expect(model.incomplete).toBe(false);
    expect(model.snapshot().size).toBe(0);
  });

  it('reads again what is invalidated, and keeps the old values until then', () => {
    const world = World.withAliceActiveAndBob();
    const [read] = world.model.apply({ kind: 'session-invalidated', path: ALICE });
    expect(world.session('1')?.locked).toBe(false);
    world.event({ kind: 'session-read', path: ALICE, read: read!.read, properties: { ...alice, LockedHint: true } });
    expect(world.session('1')?.locked).toBe(true);
  });

  it('reads a session that changes without having been announced', () => {
    const model = new LogindModel();
    const reads = model.apply({ kind: 'session-changed', path: ALICE, changes: { Active: true } });
    expect(reads).toEqual([expect.objectContaining({ kind: 'read-session', path: ALICE })]);
  });
});
