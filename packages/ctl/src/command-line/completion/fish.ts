import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command.ts';
import { GLOBAL_OPTIONS, VERSION_OPTION } from '../options.ts';
import { SESSION_IDS } from './session-ids.ts';

/** The completion for fish 3 and newer. */
export function fishCompletion(commands: readonly CommandSpec[]): string {
  const lines = [
    '# fish completion for clipmuxctl, made by: clipmuxctl completion fish',
    'function __clipmuxctl_sessions',
    `    ${SESSION_IDS}`,
    'end',
    complete('-f'),
    ...GLOBAL_OPTIONS.map((option) => complete(optionWords(option))),
    complete(`-n __fish_use_subcommand ${optionWords(VERSION_OPTION)}`),
  ];
  for (const { name, summary } of commands) {
    lines.push(complete(`-n __fish_use_subcommand -a ${name} -d ${quote(summary)}`));
  }
  for (const command of commands) {
    const here = `-n '__fish_seen_subcommand_from ${command.name}'`;
    for (const option of command.options) lines.push(complete(`${here} ${optionWords(option)}`));
    for (const argument of command.arguments) {
      const words = offer(argument);
      if (words !== '') lines.push(complete(`${here} ${words}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

function complete(words: string): string {
  return `complete -c clipmuxctl ${words}`;
}

function optionWords({ name, argument, description }: OptionSpec): string {
  const value = argument ? ` -x ${offer(argument)}`.trimEnd().replace('-x -F', '-r -F') : '';
  return `-l ${name}${value} -d ${quote(description)}`;
}

function offer({ choices, offer: offered }: ArgumentSpec): string {
  if (offered === 'files') return '-F';
  if (offered === 'sessions') return "-a '(__clipmuxctl_sessions)'";
  const words = choices ?? offered ?? [];
  return words.length === 0 ? '' : `-a ${quote(words.map((word) => word.replaceAll(';', '\\;')).join(' '))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
