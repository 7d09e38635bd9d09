import { SELECTIONS } from '@clipmux/rpc';
import { UsageError } from '../exit-status.ts';
import type { Invocation, OptionSpec } from './command.ts';

/** Options of every command. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'socket',
    argument: { name: 'PATH', offer: 'files' },
    description: "clipmuxd's control socket (default: /run/clipmux/control.sock)",
  },
  { name: 'json', description: 'print JSON; errors too, to the standard error' },
  { name: 'help', description: 'show help, of a command if there is one' },
];

/** Options of the program itself. */
export const VERSION_OPTION: OptionSpec = { name: 'version', description: 'show the version' };

/** Options that name a session's selection. */
export const WHOSE_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'session',
    argument: { name: 'ID', offer: 'sessions' },
    description: 'the session (default: the one that takes part)',
  },
  {
    name: 'selection',
    argument: { name: 'NAME', choices: SELECTIONS },
    description: 'clipboard (default) or primary',
  },
];

/** MIME type of text. */
export const TEXT_TYPE = 'text/plain;charset=utf-8';

/** The types that hosts know, for the shell to offer. */
export const COMMON_TYPES = [TEXT_TYPE, 'image/png', 'image/bmp', 'image/tiff', 'image/jpeg'] as const;

/** A session's id from the command line. @throws {UsageError} */
export function sessionId(text: string): number {
  const id = Number(text);
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new UsageError(`"${text}" is no id of a session: clipmuxctl sessions lists them`);
  return id;
}

/** The members of a call that say whose selection is meant. @throws {UsageError} */
export function whose(invocation: Invocation): { session?: number; selection: (typeof SELECTIONS)[number] } {
  const session = invocation.value('session');
  const selection = SELECTIONS.find((name) => name === (invocation.value('selection') ?? 'clipboard'));
  if (selection === undefined) throw new UsageError(`--selection takes ${SELECTIONS.join(' or ')}`);
  return { selection, ...(session === undefined ? {} : { session: sessionId(session) }) };
}
