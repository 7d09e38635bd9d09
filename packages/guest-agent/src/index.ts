/**
 * The JSON dialect of qemu-ga, QEMU's guest agent, as a pure codec: bytes in, requests out; answers and errors in qemu-ga's words; and the
 * commands of clipmuxd, each described once. No I/O, no timers.
 */
export { formatError, formatReturn } from './dialect/answer.ts';
export { dialectErrors, type ErrorClass, FROZEN_REASON, GuestAgentError } from './dialect/errors.ts';
export { type AgentInfo, type CommandInfo, mergeAgentInfo, readAgentInfo } from './dialect/info.ts';
export { type InvalidRequest, type Request, readRequest } from './dialect/request.ts';
export { SILENT_COMMANDS } from './dialect/silent-commands.ts';
export { UNLIMITED_COMMANDS } from './dialect/unlimited-commands.ts';
export { SENTINEL } from './json/characters.ts';
export { type AnswerObject, type AnswerValue, formatJson, RawJson } from './json/format.ts';
export { JsonSyntaxError, type Parsed } from './json/parser.ts';
export { plainJson } from './json/plain.ts';
export { stringifyJson } from './json/stringify.ts';
export { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json/value.ts';
export { COMMANDS, type CommandName, type Commands, isOwnCommand, PIECE_BYTES_MAX } from './schema/commands.ts';
export { renderReference } from './schema/reference.ts';
export {
  isOwnSessionCall,
  SESSION_CALL_MAX_MS,
  SESSION_CALL_MS,
  SESSION_CALLS,
  type SessionCallMethod,
} from './schema/session-calls.ts';
export type { Argument, ArgumentsOf, ArgumentType, CommandSchema, ReturnedMember } from './schema/types.ts';
export { validateArguments } from './schema/validate.ts';
export { MESSAGE_BYTES_MAX, MESSAGE_TOKENS_MAX, NESTING_MAX } from './stream/limits.ts';
export { type LineFault, type LineHandler, LineMessageReader } from './stream/line-message-reader.ts';
export { JsonMessage, type MessageHandler, MessageReader, type MessageReaderOptions } from './stream/message-reader.ts';
