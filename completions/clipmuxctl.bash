# bash completion for clipmuxctl, made by: clipmuxctl completion bash
_clipmuxctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command='' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --socket) ((index++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[index]}; break ;;
    esac
  done
  case $previous in
    --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --port) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --session) mapfile -t COMPREPLY < <(compgen -W "$(clipmuxctl sessions 2>/dev/null | awk 'NR > 1 { print $1 == "*" ? $2 : $1 }')" -- "$current"); return ;;
    --selection) mapfile -t COMPREPLY < <(compgen -W 'clipboard primary' -- "$current"); return ;;
    --type) mapfile -t COMPREPLY < <(compgen -W 'text/plain\;charset=utf-8 image/png image/bmp image/tiff image/jpeg' -- "$current"); return ;;
    --timeout) mapfile -t COMPREPLY < <(compgen -W '' -- "$current"); return ;;
    --agent) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --handler) mapfile -t COMPREPLY < <(compgen -W '' -- "$current"); return ;;
  esac
  case $command in
    '')
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help --version' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W 'status sessions doctor select policy get set targets clear monitor host-call session-serve log-level trace config reload completion' -- "$current")
      fi ;;
    status)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        :
      fi ;;
    sessions)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        :
      fi ;;
    doctor)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--port --socket --json --help' -- "$current")
      else
        :
      fi ;;
    select)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--follow --socket --json --help' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W "$(clipmuxctl sessions 2>/dev/null | awk 'NR > 1 { print $1 == "*" ? $2 : $1 }')" -- "$current")
      fi ;;
    policy)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W 'active off' -- "$current")
      fi ;;
    get)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--session --selection --type --socket --json --help' -- "$current")
      else
        :
      fi ;;
    set)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--session --selection --type --share --socket --json --help' -- "$current")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")
      fi ;;
    targets)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--session --selection --socket --json --help' -- "$current")
      else
        :
      fi ;;
    clear)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--session --selection --socket --json --help' -- "$current")
      else
        :
      fi ;;
    monitor)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        :
      fi ;;
    host-call)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--timeout --agent --socket --json --help' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W '' -- "$current")
      fi ;;
    session-serve)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--handler --agent --socket --json --help' -- "$current")
      else
        :
      fi ;;
    log-level)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W 'error warning info debug trace' -- "$current")
      fi ;;
    trace)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$current")
      fi ;;
    config)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        :
      fi ;;
    reload)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        :
      fi ;;
    completion)
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--socket --json --help' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current")
      fi ;;
  esac
}
complete -F _clipmuxctl clipmuxctl
