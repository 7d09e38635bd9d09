import { RpcError } from '@clipmux/rpc';
import type { CommandContext } from '../../command-line/command.ts';
import { ConnectError } from '../../exit-status.ts';
import type { ControlFacts, DaemonFacts } from '../facts.ts';

/** How long clipmuxd may take to answer before it counts as silent, in milliseconds. It answers within a few. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Asks clipmuxd. Never rejects. */
export async function gatherControl(
  context: CommandContext,
): Promise<{ readonly control: ControlFacts; readonly daemon: DaemonFacts | null }> {
  const path = context.socket;
  const options = { timeoutMs: ANSWER_TIMEOUT_MS };
  try {
    const client = await context.connect();
    const status = await client.call('status', {}, options);
    const sessions = await client.call('session.list', {}, options);
    return { control: { path, state: 'answers', message: '' }, daemon: { status, sessions } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { control: { path, state: stateOf(error), message }, daemon: null };
  }
}

function stateOf(error: unknown): ControlFacts['state'] {
  if (error instanceof ConnectError) return error.code;
  if (!(error instanceof RpcError)) return 'failed';
  if (error.name === 'denied') return 'denied';
  return error.name === 'timed-out' ? 'silent' : 'failed';
}
