import { HostError } from '../errors.ts';

/** Checks what the guest returned: it is a machine that others use. All throw {@link HostError} `bad-answer`. */

/** A session as guest-session-list tells it; further members are kept. */
export interface ListedSession {
  readonly id: number;
  readonly user: string;
  readonly uid: number;
  readonly display: string;
  readonly eligible: boolean;
}

/** What guest-session-list tells. */
export interface SessionList {
  readonly policy: string;
  /** Id of the session that takes part. */
  readonly eligible: number | null;
  readonly reason: string;
  readonly sessions: readonly ListedSession[];
}

/** An object of an answer. */
export type AnswerMembers = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): AnswerMembers {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('it is no object');
  return value as AnswerMembers;
}

export function memberOf(object: AnswerMembers, member: string): unknown {
  if (!Object.hasOwn(object, member)) throw bad(`${member} is not there`);
  return object[member];
}

export function numberOf(object: AnswerMembers, member: string): number {
  const value = object[member];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw bad(`${member} is no whole number`);
  return value;
}

export function textOf(object: AnswerMembers, member: string): string {
  const value = object[member];
  if (typeof value !== 'string') throw bad(`${member} is no text`);
  return value;
}

export function textsOf(object: AnswerMembers, member: string): readonly string[] {
  const value = object[member];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw bad(`${member} is no list of texts`);
  return value;
}

export function bytesOf(object: AnswerMembers, member: string): Buffer {
  return Buffer.from(textOf(object, member), 'base64');
}

export function sessionListOf(value: unknown): SessionList {
  const list = objectOf(value);
  const sessions = list['sessions'];
  if (!Array.isArray(sessions)) throw bad('sessions is no list');
  return {
    policy: textOf(list, 'policy'),
    eligible: list['eligible'] === null ? null : numberOf(list, 'eligible'),
    reason: textOf(list, 'reason'),
    sessions: sessions.map(sessionOf),
  };
}

function sessionOf(value: unknown): ListedSession {
  const session = objectOf(value);
  return {
    ...session,
    id: numberOf(session, 'id'),
    user: textOf(session, 'user'),
    uid: numberOf(session, 'uid'),
    display: textOf(session, 'display'),
    eligible: session['eligible'] === true,
  };
}

function bad(why: string): HostError {
  return new HostError('bad-answer', `the guest agent's answer makes no sense: ${why}`);
}
