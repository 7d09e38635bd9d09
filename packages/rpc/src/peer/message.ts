import type { JSONRPCRequest, JSONRPCResponse } from 'json-rpc-2.0';
import { RpcError } from './errors.ts';

/** Characters of a method's name, and of an id that is a string, at most. */
const NAME_CHARACTERS_MAX = 255;

/** A message of JSON-RPC 2.0, told apart. */
export type Message =
  | { readonly kind: 'request'; readonly request: JSONRPCRequest }
  | { readonly kind: 'answer'; readonly id: string | number | null; readonly response: JSONRPCResponse };

/**
 * Tells requests from answers. The library's own tests look at which members exist, not at what they are, and let batches through;
 * this protocol has one object a message.
 * @throws {RpcError} `protocol-error` for anything that is neither
 */
export function classifyMessage(value: unknown): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAMessage('it is not one object');
  const { jsonrpc, method, id, result, error } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0') throw notAMessage('"jsonrpc" is not "2.0"');
  if (method !== undefined) {
    if (typeof method !== 'string' || method.length > NAME_CHARACTERS_MAX)
      throw notAMessage('"method" is not a short string');
    if (id !== undefined && !isId(id)) throw notAMessage('"id" is neither an integer nor a short string');
    if (result !== undefined || error !== undefined) throw notAMessage('it is request and answer at once');
    return { kind: 'request', request: value as JSONRPCRequest };
  }
  const failed = error !== undefined && error !== null;
  if (failed && typeof error !== 'object') throw notAMessage('"error" is not an object');
  if (failed === (result !== undefined)) throw notAMessage('it has no method, and not one of "result" and "error"');
  if (!isId(id) && !(id === null && failed)) throw notAMessage('"id" is neither an integer nor a short string');
  return { kind: 'answer', id, response: value as JSONRPCResponse };
}

function isId(id: unknown): id is string | number {
  return Number.isSafeInteger(id) || (typeof id === 'string' && id.length <= NAME_CHARACTERS_MAX);
}

function notAMessage(why: string): RpcError {
  return new RpcError('protocol-error', `not a JSON-RPC 2.0 message: ${why}`);
}
