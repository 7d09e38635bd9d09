import { isJsonObject, type JsonMessage, type JsonObject, plainJson } from '@clipmux/guest-agent';
import { GuestCommandError, HostError } from '../errors.ts';
import { tellsOfLateness } from './late-answers.ts';

/** What a command returned. */
export interface Returned {
  readonly value: unknown;
  /** As the guest wrote it: numbers past 2^53 are whole here. */
  readonly text: string;
}

/** Null for what is no answer: clients of a guest agent skip events. */
export function readAnswer(message: JsonMessage): Returned | HostError | null {
  let object: JsonObject;
  let text: string | undefined;
  try {
    const { value, members } = message.parse();
    if (!isJsonObject(value)) return new HostError('bad-answer', 'the guest agent sent what is no object');
    object = value;
    text = members.get('return')?.toString();
  } catch {
    return new HostError('bad-answer', 'the guest agent sent what is no JSON');
  }
  const returned = object.get('return');
  if (returned !== undefined) return { value: plainJson(returned), text: text ?? '' };
  const error = object.get('error');
  if (!isJsonObject(error)) {
    return object.has('event')
      ? null
      : new HostError('bad-answer', 'the guest agent sent neither a return nor an error');
  }
  const [errorClass, description] = [error.get('class'), error.get('desc')];
  const told = typeof description === 'string' ? description : 'the guest gave no description';
  const code = tellsOfLateness(told) ? 'timed-out' : 'guest-error';
  return new GuestCommandError(typeof errorClass === 'string' ? errorClass : 'GenericError', told, code);
}
