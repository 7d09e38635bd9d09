import { SelectionError } from '../errors.ts';
import { decodeCompoundText } from './compound-text.ts';
import { latin1ToUtf8 } from './latin1.ts';
import { isUtf8Text } from './targets.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether the bytes are well-formed UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Without a stated encoding (TEXT, C_STRING, text/plain) programs send UTF-8 today and sent Latin-1 long ago. */
function decodeUnstated(bytes: Uint8Array): Uint8Array {
  return isUtf8(bytes) ? bytes : latin1ToUtf8(bytes);
}

/**
 * An owner's text as UTF-8. The type of the answer decides, not the target that was asked for: TEXT may be answered in
 * any encoding (ICCCM 2.6.2).
 *
 * @param answerType the name of the answer's type atom
 * @throws SelectionError `bad-answer` where the encoding is not known
 */
export function decodeText(answerType: string, bytes: Uint8Array): Uint8Array {
  switch (answerType) {
    case 'UTF8_STRING':
      return bytes;
    case 'STRING':
      return latin1ToUtf8(bytes);
    case 'COMPOUND_TEXT':
      return decodeCompoundText(bytes);
    case 'TEXT':
    case 'C_STRING':
    case 'text/plain':
      return decodeUnstated(bytes);
    default:
      if (isUtf8Text(answerType)) return bytes;
      throw new SelectionError(
        'bad-answer',
        `the owner answered with text of the type ${JSON.stringify(answerType)}, which clipmux cannot decode`,
      );
  }
}
