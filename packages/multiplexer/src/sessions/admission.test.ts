import { describe, expect, it } from 'vitest';
import { type AdmissionRules, checkAdmission } from './admission.ts';
import { type LoginSession, loginSessionOf } from './login-sessions.ts';

const RULES: AdmissionRules = { ownUid: 998, users: null, maxPerUser: 2 };

function login(id: string, change: Partial<LoginSession> = {}): LoginSession {
  return {
    id,
    uid: 1000,
    user: 'alice',
    seat: 'seat0',
    type: 'x11',
    class: 'user',
    locked: false,
    since: 1,
    ...change,
  };
}

const sessionsOf = (...sessions: LoginSession[]) => new Map(sessions.map((session) => [session.id, session]));
const peer = (uid: number) => ({ pid: 77, uid, gid: uid });

describe('who may take part', () => {
  it('is every user with a login session, where logind is there', () => {
    expect(() => checkAdmission(peer(1000), login('2'), true, 0, RULES)).not.toThrow();
    expect(() => checkAdmission(peer(33), null, true, 0, RULES)).toThrow(/uid 33 has no login session/);
  });

  it('is root, clipmuxd’s user and those whom the configuration names, where logind is not', () => {
    for (const uid of [0, 998]) expect(() => checkAdmission(peer(uid), null, false, 0, RULES)).not.toThrow();
    expect(() => checkAdmission(peer(1000), null, false, 0, RULES)).toThrow(/without logind only root/);
    const named = { ...RULES, users: new Set([1000]) };
    expect(() => checkAdmission(peer(1000), null, false, 0, named)).not.toThrow();
  });

  it('is nobody else where the configuration names users', () => {
    const named = { ...RULES, users: new Set([1001]) };
    expect(() => checkAdmission(peer(1000), login('2'), true, 0, named)).toThrow(/not among the users/);
  });

  it('is nobody who has as many agents as are allowed', () => {
    expect(() => checkAdmission(peer(1000), login('2'), true, 1, RULES)).not.toThrow();
    expect(() => checkAdmission(peer(1000), login('2'), true, 2, RULES)).toThrow(/connections-per-user/);
  });
});

describe('the login session of an agent', () => {
  it('is that of its process, whatever it names', () => {
    const own = login('2');
    expect(loginSessionOf(1000, own, '3', sessionsOf(own, login('3')))).toBe(own);
  });

  it('is the one it names where its process has none and the user is the same', () => {
    const sessions = sessionsOf(login('2', { since: 9 }), login('3', { since: 1 }));
    expect(loginSessionOf(1000, null, '3', sessions)?.id).toBe('3');
  });

  it('is never another user’s, nor a greeter’s: who lies gains nothing', () => {
    const foreign = login('5', { uid: 1001 });
    const greeter = login('c1', { class: 'greeter' });
    expect(loginSessionOf(1000, null, '5', sessionsOf(foreign))).toBeNull();
    expect(loginSessionOf(1000, foreign, '5', sessionsOf(foreign))).toBeNull();
    expect(loginSessionOf(1000, greeter, null, sessionsOf(greeter))).toBeNull();
  });

  it('is else the user’s newest graphical one, else the newest', () => {
    const sessions = sessionsOf(
      login('1', { since: 1 }),
      login('2', { since: 2, type: 'wayland' }),
      login('3', { since: 3, type: 'tty' }),
    );
    expect(loginSessionOf(1000, null, null, sessions)?.id).toBe('2');
    expect(loginSessionOf(1000, null, 'gone', sessionsOf(login('3', { type: 'tty' })))?.id).toBe('3');
  });
});
