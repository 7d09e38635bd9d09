import type { AnswerObject } from '../json/format.ts';
import { isJsonObject, type JsonValue } from '../json/value.ts';

/** A command in the answer of guest-info. */
export interface CommandInfo extends AnswerObject {
  readonly enabled: boolean;
  readonly name: string;
  /** False for those that answer only when they fail, such as guest-shutdown. */
  readonly 'success-response': boolean;
}

/** What guest-info tells. */
export interface AgentInfo {
  readonly version: string;
  readonly commands: readonly CommandInfo[];
}

/** Reads the `return` of another agent's guest-info; what is not as it should be is left out. Undefined where nothing is. */
export function readAgentInfo(value: JsonValue | undefined): AgentInfo | undefined {
  if (!isJsonObject(value)) return undefined;
  const version = value.get('version');
  const list = value.get('supported_commands');
  if (typeof version !== 'string' || !Array.isArray(list)) return undefined;
  return { version, commands: (list as readonly JsonValue[]).flatMap(readCommand) };
}

function readCommand(value: JsonValue): readonly CommandInfo[] {
  if (!isJsonObject(value)) return [];
  const name = value.get('name');
  if (typeof name !== 'string') return [];
  return [
    { enabled: value.get('enabled') !== false, name, 'success-response': value.get('success-response') !== false },
  ];
}

/**
 * Our commands and those of the agent behind, as one answer. Where both have a command it is ours.
 * @param isEnabled what we let through now
 */
export function mergeAgentInfo(
  own: AgentInfo,
  behind: AgentInfo | undefined,
  isEnabled: (command: string) => boolean,
): AnswerObject {
  const names = new Set(own.commands.map(({ name }) => name));
  const theirs = behind?.commands.filter(({ name }) => !names.has(name)) ?? [];
  const commands = [...own.commands, ...theirs].map((command) => ({
    ...command,
    enabled: command.enabled && isEnabled(command.name),
  }));
  return { version: behind?.version ?? own.version, supported_commands: commands };
}
