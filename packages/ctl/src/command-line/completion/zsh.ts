import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command.ts';
import { GLOBAL_OPTIONS, VERSION_OPTION } from '../options.ts';
import { SESSION_IDS } from './session-ids.ts';

/** The completion for zsh, to be found as _clipmuxctl on its fpath. */
export function zshCompletion(commands: readonly CommandSpec[]): string {
  const list = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const parts = [...command.options, ...GLOBAL_OPTIONS].map(option);
    const places = command.arguments.map((argument, index) =>
      quote(`${index + 1}:${argument.name}:${action(argument)}`),
    );
    return `        ${command.name})\n          _arguments ${[...parts, ...places].join(' \\\n            ')} ;;`;
  });
  return `#compdef clipmuxctl
# zsh completion for clipmuxctl, made by: clipmuxctl completion zsh

_clipmuxctl_sessions() {
  local -a ids
  ids=(\${(f)"$(${SESSION_IDS})"})
  compadd -a ids
}

_clipmuxctl() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
${list.join('\n')}
  )
  _arguments -C \\
    ${[...GLOBAL_OPTIONS, VERSION_OPTION].map(option).join(' \\\n    ')} \\
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}

_clipmuxctl "$@"
`;
}

function option({ name, argument, repeatable, description }: OptionSpec): string {
  const text = description.replaceAll(/[[\]]/g, '\\$&');
  return quote(`${repeatable ? '*' : ''}--${name}[${text}]${argument ? `:${argument.name}:${action(argument)}` : ''}`);
}

/** What zsh's _arguments does for a value. */
function action({ choices, offer }: ArgumentSpec): string {
  if (offer === 'files') return '_files';
  if (offer === 'sessions') return '_clipmuxctl_sessions';
  const words = choices ?? offer ?? [];
  return words.length === 0 ? ' ' : `(${words.map((word) => word.replaceAll(/[;:]/g, '\\$&')).join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
