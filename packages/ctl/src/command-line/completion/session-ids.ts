/** The shell command that prints the ids of the sessions that are connected, a line each; nothing where that is not permitted. */
export const SESSION_IDS = `clipmuxctl sessions 2>/dev/null | awk 'NR > 1 { print $1 == "*" ? $2 : $1 }'`;
