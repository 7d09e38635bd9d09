import type { CommandSpec, OptionSpec } from '../../packages/ctl/src/command-line/command.ts';
import { GLOBAL_OPTIONS, VERSION_OPTION } from '../../packages/ctl/src/command-line/options.ts';
import { EXIT_MEANINGS } from '../../packages/ctl/src/exit-status.ts';
import { argument, display, head, seeAlso, sentences, text } from './mdoc.ts';

/** clipmuxctl(1), made of the commands' own descriptions. */
export function clipmuxctlPage(commands: readonly CommandSpec[]): string {
  const lines = [
    ...head('clipmuxctl', 1, 'see, steer and diagnose clipmuxd'),
    '.Sh SYNOPSIS',
    '.Nm',
    ...GLOBAL_OPTIONS.filter(({ name }) => name !== 'help').map((option) => `.Op ${flag(option)}`),
    '.Ar command',
    '.Op Ar argument ...',
    '.Nm',
    '.Op Ar command',
    '.Fl \\-help',
    '.Nm',
    '.Fl \\-version',
    '.Sh DESCRIPTION',
    '.Xr clipmuxd 8',
    "shares the host's clipboard among the graphical sessions of this machine.",
    '.Nm',
    'shows what it does, steers it, and finds out what is wrong.',
    'Root, the user that clipmuxd runs as, and the members of the group',
    '.Ql clipmux',
    'may use it.',
    '.Pp',
    'Without',
    '.Fl \\-json',
    'the output is for people and may change; scripts should use',
    '.Fl \\-json ,',
    'or the control socket itself, one JSON object a line.',
    '.Pp',
    'Options of every command, which may also stand before it:',
    ...optionList([...GLOBAL_OPTIONS, VERSION_OPTION]),
    '.Sh COMMANDS',
    '.Bl -tag -width Ds',
    ...commands.flatMap(commandLines),
    '.El',
    '.Sh FILES',
    '.Bl -tag -width Ds',
    '.It Pa /run/clipmux/control.sock',
    "clipmuxd's control socket",
    '.El',
    '.Sh EXIT STATUS',
    '.Bl -tag -width Ds -compact',
    ...EXIT_MEANINGS.flatMap((line) => {
      const [status = '', ...meaning] = line.split(/\s+/);
      return [`.It ${status}`, text(meaning.join(' '))];
    }),
    '.El',
    '.Pp',
    'For',
    '.Cm doctor ,',
    '0 means that nothing is wrong, and 1 that something is.',
    '.Sh EXAMPLES',
    'Why is nothing pasted?',
    ...display(['clipmuxctl doctor']),
    'Put a picture into session 3, and offer it to the host:',
    ...display(['clipmuxctl set --session 3 --type image/png --share picture.png']),
    'What does the session that takes part hold?',
    ...display(['clipmuxctl targets', 'clipmuxctl get > content']),
    'Let session 3 have the clipboard, then whichever is active again:',
    ...display(['clipmuxctl select 3', 'clipmuxctl select --follow']),
    'A line of JSON for each change of owner:',
    ...display(['clipmuxctl monitor --json | jq -c \'select(.kind == "owner")\'']),
    ...seeAlso([
      ['clipmux-session', 1],
      ['clipmux.toml', 5],
      ['clipmuxd', 8],
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines({ name, arguments: specs, options, summary, notes }: CommandSpec): string[] {
  const shown = specs.map((spec) => (spec.optional ? ` Op Ar ${spec.name}` : ` Ar ${spec.name}`)).join('');
  return [
    `.It Cm ${argument(name)}${shown}`,
    ...sentences(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...(notes ? notesLines(notes) : []),
    ...(options.length > 0 ? optionList(options) : []),
  ];
}

/** Lines that stand in columns stay as they are; sentences flow. */
function notesLines(notes: readonly string[]): string[] {
  const inColumns = (line: string) => /\S {2,}\S/.test(line);
  const table = notes.filter(inColumns);
  const flowing = notes.filter((line) => !inColumns(line)).join(' ');
  return [...(table.length > 0 ? display(table) : []), ...(flowing === '' ? [] : sentences(flowing))];
}

function optionList(options: readonly OptionSpec[]): string[] {
  return [
    '.Bl -tag -width Ds -compact',
    ...options.flatMap((option) => [`.It ${flag(option)}`, ...sentences(option.description)]),
    '.El',
  ];
}

function flag({ name, argument: value }: OptionSpec): string {
  return `Fl \\-${name.replaceAll('-', '\\-')}${value ? ` Ar ${value.name}` : ''}`;
}
