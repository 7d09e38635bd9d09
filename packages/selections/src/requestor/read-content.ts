import { type DisplayError, SelectionError } from '../errors.ts';
import { TEXT_TYPE, typeOfTarget } from '../mime/targets.ts';
import { decodeText } from '../mime/text.ts';
import type { ForeignOwner, SelectionWatcher } from '../watcher/selection-watcher.ts';
import type { AtomCache } from '../x11/atoms.ts';
import type { ConversionHandle, Requestor } from './requestor.ts';
import type { Received } from './transfer.ts';

/** What a read needs. */
export interface ReadContext {
  readonly requestor: Requestor;
  readonly atoms: AtomCache;
  readonly watcher: SelectionWatcher;
}

export type ReadResult = Uint8Array | SelectionError | DisplayError;

/**
 * Reads one type of a selection: waits until the owner's types are known, asks for the best target of the type, for the
 * next one where that is refused, and decodes text by the type of the answer.
 *
 * @param done called once, perhaps before this returns
 * @returns ends the read early, with an error for `done`
 */
export function readContent(
  context: ReadContext,
  type: string,
  maxBytes: number,
  done: (result: ReadResult) => void,
): (error: SelectionError | DisplayError) => void {
  const { requestor, atoms, watcher } = context;
  const canonical = typeOfTarget(type) ?? type;
  let ended = false;
  let conversion: ConversionHandle | undefined;
  let stopWatching: () => void = () => {};
  const finish = (result: ReadResult) => {
    if (ended) return;
    ended = true;
    stopWatching();
    done(result);
  };

  const ask = (owner: ForeignOwner, targets: readonly string[]) => {
    const [target = '', ...others] = targets;
    atoms.intern([target], (found) => {
      if (ended) return;
      const request = { selection: watcher.atom, target: found.get(target) ?? 0, time: owner.time, maxBytes };
      conversion = requestor.convert(request, (result) => {
        stopWatching();
        if (ended) return;
        if (!(result instanceof Error)) return decode(result);
        const isRefusal = result.code === 'owner-refused' && others.length > 0;
        // Only while the same owner is there: its successor was never asked for its types.
        if (isRefusal && watcher.foreignOwner?.offer === owner.offer) ask(owner, others);
        else finish(result);
      });
      stopWatching = watcher.watchRead(conversion);
    });
  };

  const decode = (received: Received) => {
    if (canonical !== TEXT_TYPE) return finish(received.bytes);
    atoms.names([received.type], ([answerType = '']) => finish(decodeWithin(answerType, received, maxBytes)));
  };

  watcher.whenKnown(() => {
    if (ended) return;
    const owner = watcher.foreignOwner;
    if (owner === undefined) {
      const text = watcher.isOurs ? 'clipmux itself owns the selection' : 'nobody owns the selection';
      return finish(new SelectionError('no-owner', text));
    }
    const targets = owner.offer.targets.get(canonical);
    if (targets !== undefined) return ask(owner, targets);
    finish(new SelectionError('type-unavailable', `the owner does not offer ${JSON.stringify(type)}`));
  });

  return (error) => {
    finish(error);
    conversion?.abandon(error instanceof SelectionError ? error : new SelectionError('aborted', error.message));
  };
}

function decodeWithin(answerType: string, received: Received, maxBytes: number): ReadResult {
  try {
    if (received.format !== 8 && received.bytes.length > 0) {
      return new SelectionError('bad-answer', `the owner answered with text in elements of ${received.format} bits`);
    }
    const text = decodeText(answerType, received.bytes);
    if (text.length <= maxBytes) return text;
    return new SelectionError('too-large', `the content is longer than the permitted ${maxBytes} bytes`);
  } catch (error) {
    if (error instanceof SelectionError) return error;
    throw error;
  }
}
