import {
  isJsonObject,
  type JsonMessage,
  JsonNumber,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  plainJson,
  stringifyJson,
} from '@clipmux/guest-agent';
import type { SessionId } from '../arbiter/index.ts';

/** Names a call on the port: `{"session": 3, "call": 17}`. */
export interface CallId {
  readonly session: SessionId;
  readonly call: number;
}

/** What the host says to a call. */
export type HostOutcome =
  | { readonly return: unknown }
  | { readonly error: { readonly class: string; readonly description: string } };

/** A message of the host's: an answer, `id` null where it names no call; or nothing that belongs on this port. */
export type HostMessage =
  | { readonly kind: 'answer'; readonly id: CallId | null; readonly outcome: HostOutcome }
  | { readonly kind: 'other'; readonly reason: string };

/** A call as it is sent, with its line break. */
export function formatCall({ session, call }: CallId, method: string, params: object): string {
  return `${stringifyJson({ execute: method, arguments: params, id: { session, call } })}\n`;
}

/** Reads what the host sent. Never throws: whatever it is, the stream goes on. */
export function readHostMessage(message: JsonMessage): HostMessage {
  let value: JsonValue;
  try {
    value = message.parse().value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return other('it is no JSON');
    throw error;
  }
  if (!isJsonObject(value)) return other('it is no object');
  const returned = value.get('return');
  const error = value.get('error');
  if ((returned === undefined) === (error === undefined)) return other('it has not one of "return" and "error"');
  const outcome: HostOutcome = returned === undefined ? readError(error) : { return: plainJson(returned) };
  return { kind: 'answer', id: readId(value.get('id')), outcome };
}

function other(reason: string): HostMessage {
  return { kind: 'other', reason };
}

function readId(id: JsonValue | undefined): CallId | null {
  if (!isJsonObject(id)) return null;
  const session = readNumber(id.get('session'));
  const call = readNumber(id.get('call'));
  return session === null || call === null ? null : { session, call };
}

function readNumber(value: JsonValue | undefined): number | null {
  const number = value instanceof JsonNumber ? Number(value.text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

/** An error whose members are not those of QEMU is still the host's answer to the call. */
function readError(value: JsonValue | undefined): HostOutcome {
  const error: JsonObject = isJsonObject(value) ? value : new Map();
  const text = (member: string, missing: string) => {
    const found = error.get(member);
    return typeof found === 'string' ? found : missing;
  };
  return { error: { class: text('class', 'GenericError'), description: text('desc', 'the host gave no description') } };
}
