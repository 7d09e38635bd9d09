import { EXIT_MEANINGS } from '../exit-status.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';
import { GLOBAL_OPTIONS, VERSION_OPTION } from './options.ts';

/** Where descriptions begin. */
const INDENT = 24;
const WIDTH = 88;

/** What `clipmuxctl --help` prints. */
export function programHelp(commands: readonly CommandSpec[]): string {
  const list = commands.map((command) => entry(`  ${synopsis(command)}`, command.summary));
  return `Usage: clipmuxctl [OPTION]... COMMAND [ARGUMENT]...
See, steer and diagnose clipmuxd, which shares the host's clipboard among this machine's
graphical sessions.

Commands:
${list.join('\n')}

Options:
${[...GLOBAL_OPTIONS, VERSION_OPTION].map(optionEntry).join('\n')}

Exit status:
${EXIT_MEANINGS.map((line) => `  ${line}`).join('\n')}

clipmuxctl COMMAND --help tells more.
`;
}

/** What `clipmuxctl COMMAND --help` prints. */
export function commandHelp(command: CommandSpec): string {
  const notes = command.notes === undefined ? '' : `\n${command.notes.join('\n')}\n`;
  return `Usage: clipmuxctl ${synopsis(command)} [OPTION]...
${sentence(command.summary)}
${notes}
Options:
${[...command.options, ...GLOBAL_OPTIONS].map(optionEntry).join('\n')}
`;
}

/** A command with its arguments: `set [FILE]`. */
export function synopsis({ name, arguments: specs }: CommandSpec): string {
  return [name, ...specs.map(argument)].join(' ');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function argument(spec: ArgumentSpec): string {
  return spec.optional ? `[${spec.name}]` : spec.name;
}

function optionEntry(option: OptionSpec): string {
  return entry(`  --${option.name}${option.argument ? ` ${option.argument.name}` : ''}`, option.description);
}

function entry(head: string, description: string): string {
  const lines = wrap(description, WIDTH - INDENT);
  const first = head.length + 2 > INDENT ? `${head}\n${' '.repeat(INDENT)}` : head.padEnd(INDENT);
  return first + lines.join(`\n${' '.repeat(INDENT)}`);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
