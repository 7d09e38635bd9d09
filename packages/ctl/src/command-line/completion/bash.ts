import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command.ts';
import { GLOBAL_OPTIONS, VERSION_OPTION } from '../options.ts';
import { SESSION_IDS } from './session-ids.ts';

/** The completion for bash 4.4 and newer; it needs nothing else. */
export function bashCompletion(commands: readonly CommandSpec[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map((command) => {
    const words = [...command.options, ...GLOBAL_OPTIONS].map(({ name }) => `--${name}`).join(' ');
    const [first] = command.arguments;
    return `    ${command.name})
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '${words}' -- "$current")
      else
        ${first ? offer(first) : ':'}
      fi ;;`;
  });
  return `# bash completion for clipmuxctl, made by: clipmuxctl completion bash
_clipmuxctl() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      --socket) ((index++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[index]}; break ;;
    esac
  done
  case $previous in
${valued(commands)
  .map(({ name, argument }) => `    --${name}) ${offer(argument)}; return ;;`)
  .join('\n')}
  esac
  case $command in
    '')
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '${[...GLOBAL_OPTIONS, VERSION_OPTION].map(({ name }) => `--${name}`).join(' ')}' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W '${names}' -- "$current")
      fi ;;
${cases.join('\n')}
  esac
}
complete -F _clipmuxctl clipmuxctl
`;
}

/** Every option that takes a value, once. */
function valued(commands: readonly CommandSpec[]): { readonly name: string; readonly argument: ArgumentSpec }[] {
  const options = new Map<string, OptionSpec>();
  for (const option of [...GLOBAL_OPTIONS, ...commands.flatMap((command) => command.options)]) {
    options.set(option.name, option);
  }
  return [...options.values()].flatMap(({ name, argument }) => (argument ? [{ name, argument }] : []));
}

/** The shell's words that set COMPREPLY. */
function offer({ choices, offer: offered }: ArgumentSpec): string {
  if (offered === 'files') return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")';
  if (offered === 'sessions') return `mapfile -t COMPREPLY < <(compgen -W "$(${SESSION_IDS})" -- "$current")`;
  // compgen expands its words as the shell would: a MIME type's semicolon must be quoted in them.
  const words = (choices ?? offered ?? []).map((word) => word.replaceAll(';', '\\;')).join(' ');
  return `mapfile -t COMPREPLY < <(compgen -W '${words}' -- "$current")`;
}
