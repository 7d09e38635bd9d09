import { describe, expect, it } from 'vitest';
import type { LoginSession } from '../sessions/index.ts';
import { type LoginSource, Logins } from './logins.ts';

function sessionsOf(...ids: string[]): ReadonlyMap<string, LoginSession & { active: boolean }> {
  const rest = {
    uid: 1000,
    user: 'alice',
    seat: 'seat0',
    type: 'x11',
    class: 'user',
    locked: false,
    since: 1,
    active: false,
  };
  return new Map(ids.map((id) => [id, { id, ...rest }]));
}

class Source implements LoginSource {
  available = false;
  sessions = sessionsOf();
  sessionOfPid = () => Promise.resolve(null);
  caughtUp = () => Promise.resolve();
  activeOnSeat = () => null;
}

describe('what is known of login sessions', () => {
  it('is nothing until logind is there; then all is news', () => {
    const source = new Source();
    const logins = new Logins(source);
    expect(logins.refresh()).toEqual({ ended: new Set(), appeared: false });
    expect(logins.knowledge).toBe('none');
    source.available = true;
    source.sessions = sessionsOf('1');
    expect(logins.refresh().appeared).toBe(true);
    expect(logins.knowledge).toBe('known');
    expect(logins.refresh().appeared).toBe(false);
  });

  it('is what was known last while logind is away; what ended meanwhile is news when it is back', () => {
    const source = new Source();
    const logins = new Logins(source);
    source.available = true;
    source.sessions = sessionsOf('1', '2');
    logins.refresh();
    source.available = false;
    source.sessions = sessionsOf();
    expect(logins.refresh()).toEqual({ ended: new Set(), appeared: false });
    expect(logins.knowledge).toBe('lost');
    expect([...logins.sessions.keys()]).toEqual(['1', '2']);
    source.available = true;
    source.sessions = sessionsOf('2', '3');
    expect(logins.refresh()).toEqual({ ended: new Set(['1']), appeared: false });
  });
});
