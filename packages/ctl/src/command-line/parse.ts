import { parseArgs } from 'node:util';
import { UsageError } from '../exit-status.ts';
import type { ArgumentSpec, Command, CommandSpec, Invocation, OptionSpec } from './command.ts';
import { GLOBAL_OPTIONS, VERSION_OPTION } from './options.ts';

/** What the command line asks for. */
export type Parsed =
  | { readonly kind: 'help'; readonly command: CommandSpec | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly invocation: Invocation;
      readonly socket: string | undefined;
      readonly json: boolean;
    };

type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Reads the command line. Options of every command may stand before the command too. @throws {UsageError} */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Parsed {
  const at = commandIndex(argv);
  const before = parse(argv.slice(0, at), [...GLOBAL_OPTIONS, VERSION_OPTION], undefined);
  if (before.values['version'] === true) return { kind: 'version' };
  const name = argv[at];
  if (name === undefined) {
    if (before.values['help'] === true) return { kind: 'help', command: undefined };
    throw new UsageError('a command is missing');
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw new UsageError(`there is no command "${name}"`);
  const own = parse(argv.slice(at + 1), [...GLOBAL_OPTIONS, ...command.options], command.name);
  const values: Values = { ...before.values, ...own.values };
  if (values['help'] === true) return { kind: 'help', command };
  checkArguments(command, own.positionals);
  checkChoices(command, values);
  const socket = values['socket'];
  return {
    kind: 'run',
    command,
    invocation: {
      arguments: own.positionals,
      value: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
      values: (option) => [values[option] ?? []].flat().filter((value) => typeof value === 'string'),
      has: (option) => values[option] === true,
    },
    socket: typeof socket === 'string' ? socket : undefined,
    json: values['json'] === true,
  };
}

/** Where the first word stands that is neither an option nor an option's value. */
function commandIndex(argv: readonly string[]): number {
  const valued = GLOBAL_OPTIONS.filter(({ argument }) => argument !== undefined).map(({ name }) => `--${name}`);
  let at = 0;
  while (at < argv.length && argv[at]?.startsWith('-')) at += valued.includes(argv[at] as string) ? 2 : 1;
  return Math.min(at, argv.length);
}

function parse(
  args: readonly string[],
  options: readonly OptionSpec[],
  command: string | undefined,
): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: command !== undefined,
      options: Object.fromEntries(
        options.map(({ name, argument, repeatable }) => [
          name,
          { type: argument ? ('string' as const) : ('boolean' as const), multiple: repeatable ?? false },
        ]),
      ),
    });
    return { values: values as Values, positionals };
  } catch (error) {
    // Node adds hints for programmers after the first sentence.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw new UsageError(sentence.replace(/\.$/, ''), command);
  }
}

function checkArguments(command: CommandSpec, given: readonly string[]): void {
  const { name, arguments: specs } = command;
  if (given.length > specs.length) {
    throw new UsageError(`too many arguments: ${given.slice(specs.length).join(' ')}`, name);
  }
  specs.forEach((spec, index) => {
    const value = given[index];
    if (value === undefined && !spec.optional) throw new UsageError(`${spec.name} is missing`, name);
    checkChoice(spec, value, value ?? '', name);
  });
}

function checkChoices(command: CommandSpec, values: Values): void {
  for (const { name, argument } of command.options) {
    const value = values[name];
    if (argument && typeof value === 'string') checkChoice(argument, value, `--${name} ${value}`, command.name);
  }
}

function checkChoice(spec: ArgumentSpec, value: string | undefined, shown: string, command: string): void {
  if (value === undefined || spec.choices === undefined || spec.choices.includes(value)) return;
  throw new UsageError(`${shown}: must be one of ${spec.choices.join(', ')}`, command);
}
