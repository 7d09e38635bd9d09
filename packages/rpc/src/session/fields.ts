import * as v from 'valibot';
import { TRANSFER_ID_MAX } from '../frame/index.ts';
import { jsonProblem } from './json-bounds.ts';
import {
  GRAB_TYPES_MAX,
  HOST_CALL_TIMEOUT_MAX_MS,
  HOST_PARAMS_BYTES_MAX,
  TEXT_BYTES_MAX,
  TYPE_BYTES_MAX,
} from './limits.ts';
import { isReservedMethod, METHOD_NAME, METHOD_NAME_WORDS, RESERVED_METHODS_WORDS } from './method-names.ts';

/**
 * The fields that messages are made of. Those that are in every message are one check each, not a pipe of valibot's: a pipe makes an object
 * for each of its steps, and checking would cost as much as parsing.
 */

/** A selection that clipmux carries. */
export const SELECTIONS = ['clipboard', 'primary'] as const;
export const Selection = v.picklist(SELECTIONS, 'must be "clipboard" or "primary"');
/** `clipboard` or `primary`. */
export type Selection = v.InferOutput<typeof Selection>;

/** A field with one check. @param problem what is wrong with a value, as "must …"; undefined where nothing is */
function field<T>(problem: (value: unknown) => string | undefined) {
  return v.custom<T>(
    (value) => problem(value) === undefined,
    ({ input }) => problem(input) ?? '',
  );
}

const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;

/** A MIME type, for example `text/plain;charset=utf-8`. */
export const MimeType = field<string>((value) => {
  if (typeof value !== 'string') return 'must be string';
  if (value.length > TYPE_BYTES_MAX) return `must be at most ${TYPE_BYTES_MAX} bytes`;
  return PRINTABLE_ASCII.test(value) ? undefined : 'must be printable ASCII';
});

/** The types of a grab, best first. May be empty. */
export const Types = v.pipe(v.array(MimeType), v.maxLength(GRAB_TYPES_MAX, `must be at most ${GRAB_TYPES_MAX} types`));

/** Short text: names, versions, reasons. */
export const Text = v.pipe(v.string(), v.maxBytes(TEXT_BYTES_MAX, `must be at most ${TEXT_BYTES_MAX} bytes`));

const integer = (least: number, most: number) =>
  field<number>((value) => {
    if (typeof value !== 'number') return 'must be number';
    if (!Number.isInteger(value)) return 'must be an integer';
    if (value < least) return `must be at least ${least}`;
    return value <= most ? undefined : `must be at most ${most}`;
  });

/** A count or a size in bytes. */
export const Count = integer(0, Number.MAX_SAFE_INTEGER);

/** At least one. */
export const Positive = integer(1, Number.MAX_SAFE_INTEGER);

/** Code of an error. */
export const ErrorCode = integer(-0x8000_0000, 0x7fff_ffff);

/** Id of a transfer, chosen by the asker. */
export const TransferId = integer(0, TRANSFER_ID_MAX);

/** Name of a method of the host or of a program, as commands of the guest agent's dialect are named. */
export const MethodName = v.pipe(v.string(), v.regex(METHOD_NAME, `must be ${METHOD_NAME_WORDS}`));

/** Name of a method that a program may serve. */
export const ServedMethod = v.pipe(
  MethodName,
  v.check((name) => !isReservedMethod(name), `must not be one of clipmux's own names: ${RESERVED_METHODS_WORDS}`),
);

/** Any JSON object within the bounds of {@link jsonProblem}. */
export const CallParams = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? jsonProblem(dataset.value, HOST_PARAMS_BYTES_MAX) : undefined;
    if (problem !== undefined) addIssue({ message: `must ${problem}` });
  }),
);

/** Milliseconds that a call to the host, or one in a session, may take. */
export const CallTimeout = integer(1, HOST_CALL_TIMEOUT_MAX_MS);
