import type { Argument, ArgumentType, CommandSchema } from './types.ts';
import { rangeText } from './validate.ts';

/** The commands' reference as Markdown: a section for each, all from their schemas. */
export function renderReference(commands: Readonly<Record<string, CommandSchema>>): string {
  return Object.entries(commands)
    .map(([name, schema]) => renderCommand(name, schema))
    .join('\n');
}

function renderCommand(name: string, { description, arguments: given, returns, example }: CommandSchema): string {
  const parts = [`### \`${name}\``, '', description, ''];
  const entries = Object.entries(given);
  if (entries.length === 0) parts.push('Arguments: none.', '');
  else parts.push('Arguments:', '', ...entries.map(renderArgument), '');
  if (typeof returns === 'string') parts.push(`Returns ${returns}.`, '');
  else if (Object.keys(returns).length === 0) parts.push('Returns an empty object.', '');
  else {
    const members = Object.entries(returns);
    parts.push(
      'Returns:',
      '',
      ...members.map(([member, { type, description: text }]) => `- \`${member}\` (${type}): ${text}`),
      '',
    );
  }
  parts.push('```json', example.request, example.answer, '```', '');
  return parts.join('\n');
}

function renderArgument([name, { type, optional, description }]: [string, Argument]): string {
  return `- \`${name}\` (${typeText(type)}${optional ? ', optional' : ''}): ${description}`;
}

function typeText(type: ArgumentType): string {
  switch (type.kind) {
    case 'integer':
      return type.range ? `integer: ${rangeText(type.range.least, type.range.most)}` : 'integer of 64 bits';
    case 'choice':
      return type.values.map((value) => `\`"${value}"\``).join(' or ');
    case 'base64':
      return `string: base64 of at most ${type.bytesMax} bytes`;
    default:
      return type.kind;
  }
}
