import type { RawJson } from '../json/format.ts';
import type { Parsed } from '../json/parser.ts';
import { isJsonObject, type JsonObject } from '../json/value.ts';
import { dialectErrors, type GuestAgentError } from './errors.ts';
import { echoedId } from './id.ts';

/** A command that a client wants. */
export interface Request {
  readonly command: string;
  readonly arguments: JsonObject;
  /** To be sent back with the answer. */
  readonly id: RawJson | undefined;
}

/** What is no request, and what to answer. */
export interface InvalidRequest {
  readonly error: GuestAgentError;
  readonly id: RawJson | undefined;
}

const NO_ARGUMENTS: JsonObject = new Map();

/** Checks a message as QEMU does (qapi/qmp-dispatch.c): `execute`, perhaps `arguments`, perhaps `id`, nothing else. */
export function readRequest({ value, members }: Parsed): Request | InvalidRequest {
  if (!isJsonObject(value)) return { error: dialectErrors.notAnObject(), id: undefined };
  const idBytes = members.get('id');
  const id = idBytes && echoedId(value.get('id') ?? null, idBytes);
  let command: string | undefined;
  let given = NO_ARGUMENTS;
  for (const [name, member] of value) {
    if (name === 'execute') {
      if (typeof member !== 'string') return { error: dialectErrors.notAString(name), id };
      command = member;
    } else if (name === 'arguments') {
      if (!isJsonObject(member)) return { error: dialectErrors.argumentsNotAnObject(), id };
      given = member;
    } else if (name !== 'id') {
      return { error: dialectErrors.unexpectedMember(name), id };
    }
  }
  if (command === undefined) return { error: dialectErrors.noCommand(), id };
  return { command, arguments: given, id };
}
