import { RpcError, type RpcErrorName } from '@clipmux/rpc';
import { SelectionError, type SelectionErrorCode } from '@clipmux/selections';

const NAMES: Readonly<Record<SelectionErrorCode, RpcErrorName>> = {
  'no-owner': 'no-owner',
  'type-unavailable': 'type-unavailable',
  'owner-refused': 'owner-refused',
  'owner-died': 'owner-died',
  // What was asked for is not there any more, whoever owns the selection now.
  'owner-changed': 'owner-died',
  'timed-out': 'timed-out',
  'too-large': 'too-large',
  'bad-answer': 'owner-refused',
  aborted: 'cancelled',
  'too-many': 'limit-exceeded',
  'bad-type': 'type-unavailable',
};

/** A selection's error as clipmuxd is told; anything else passes as it is. */
export function toRpcError(error: unknown): unknown {
  return error instanceof SelectionError ? new RpcError(NAMES[error.code], error.message) : error;
}
