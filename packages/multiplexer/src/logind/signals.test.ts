import { describe, expect, it } from 'vitest';
import type { BusSignal } from './bus-connection.ts';
import { eventsOf, newOwnerOf } from './signals.ts';

const PATH = '/org/freedesktop/login1/session/_31';

const changed = (interfaceName: string, values: unknown, invalidated: unknown = []): BusSignal => ({
  sender: ':1.5',
  path: PATH,
  interface: 'org.freedesktop.DBus.Properties',
  member: 'PropertiesChanged',
  body: [interfaceName, values, invalidated],
});
const sessionChanged = (values: unknown, invalidated?: unknown) =>
  changed('org.freedesktop.login1.Session', values, invalidated);
const manager = (member: string, body: readonly unknown[]): BusSignal => ({
  sender: ':1.5',
  path: '/org/freedesktop/login1',
  interface: 'org.freedesktop.login1.Manager',
  member,
  body,
});

describe('signals of logind', () => {
  it.each([
    ['SessionNew', 'session-new'],
    ['SessionRemoved', 'session-removed'],
    ['SeatNew', 'seat-new'],
    ['SeatRemoved', 'seat-removed'],
  ])('%s announces a path', (member, kind) => {
    expect(eventsOf(manager(member, ['1', PATH]))).toEqual([{ kind, path: PATH }]);
  });

  it('take over the properties that matter and nothing else', () => {
    const event = eventsOf(sessionChanged({ LockedHint: true, IdleHint: true, Active: false }));
    expect(event).toEqual([{ kind: 'session-changed', path: PATH, changes: { LockedHint: true, Active: false } }]);
    expect(eventsOf(sessionChanged({ IdleHint: true }))).toEqual([]);
  });

  it('tell who is in the foreground of a seat', () => {
    const signal = changed('org.freedesktop.login1.Seat', { ActiveSession: ['2', '/s/2'] });
    expect(eventsOf(signal)).toEqual([{ kind: 'seat-changed', path: PATH, changes: { ActiveSession: ['2', '/s/2'] } }]);
  });

  it('may name properties without their values', () => {
    expect(eventsOf(sessionChanged({}, ['LockedHint']))).toEqual([{ kind: 'session-invalidated', path: PATH }]);
  });

  it('that ask a session to lock or unlock mean nothing: only LockedHint says that it did', () => {
    for (const member of ['Lock', 'Unlock']) {
      const signal = { sender: ':1.5', path: PATH, interface: 'org.freedesktop.login1.Session', member, body: [] };
      expect(eventsOf(signal)).toEqual([]);
    }
  });

  it.each([
    ['a path that is a number', manager('SessionNew', ['1', 7])],
    ['no arguments', manager('SessionRemoved', [])],
    ['a locked hint that is text', sessionChanged({ LockedHint: 'yes' })],
    ['a list for a dictionary', sessionChanged(7)],
    ['a lone session id', changed('org.freedesktop.login1.Seat', { ActiveSession: '2' })],
  ])('with %s are refused', (_, signal) => {
    expect(() => eventsOf(signal)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe("the owner of logind's name", () => {
  const told = (sender: string, body: readonly unknown[]): BusSignal => ({
    sender,
    path: '/org/freedesktop/DBus',
    interface: 'org.freedesktop.DBus',
    member: 'NameOwnerChanged',
    body,
  });

  it('is told by the bus alone', () => {
    const body = ['org.freedesktop.login1', ':1.5', ':1.9'];
    expect(newOwnerOf(told('org.freedesktop.DBus', body))).toBe(':1.9');
    expect(newOwnerOf(told(':1.66', body))).toBeUndefined();
  });

  it('is empty when logind has gone', () => {
    expect(newOwnerOf(told('org.freedesktop.DBus', ['org.freedesktop.login1', ':1.5', '']))).toBe('');
  });

  it('is not that of another name', () => {
    expect(newOwnerOf(told('org.freedesktop.DBus', ['org.example', '', ':1.9']))).toBeUndefined();
  });
});
