import { type AnswerValue, formatJson, type RawJson } from '../json/format.ts';
import { stringifyJson } from '../json/stringify.ts';
import type { GuestAgentError } from './errors.ts';

/** A command has done what it should. One line. */
export function formatReturn(value: AnswerValue, id?: RawJson): string {
  return `{"return": ${formatJson(value)}${suffix(id)}}\n`;
}

/** A command has failed, or what came was none. One line. */
export function formatError(error: GuestAgentError, id?: RawJson): string {
  const { errorClass, message } = error;
  return `{"error": {"class": "${errorClass}", "desc": ${stringifyJson(message)}}${suffix(id)}}\n`;
}

function suffix(id: RawJson | undefined): string {
  return id === undefined ? '' : `, "id": ${id.text}`;
}
