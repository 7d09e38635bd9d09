/**
 * Runs in the guest: an agent of a session without a display that calls the host, several times at once, and prints what became of each call
 * in the order of the calls.
 *
 *   node host-call-program.cjs SESSION_SOCKET METHOD PARAMS_AS_JSON...
 */
import { connect } from 'node:net';
import { AgentWire, RpcError } from '@clipmux/rpc';

const [path = '', method = '', ...params] = process.argv.slice(2);
const wire = new AgentWire(connect(path), {
  'selection.grab': () => {},
  'selection.release': () => {},
  'selection.request': () => {
    throw new RpcError('no-owner', 'nothing is ever copied here');
  },
  'paste.cut-short': () => {},
  closed: () => {},
});

async function main(): Promise<void> {
  const { session } = await wire.hello({ agent: { name: 'test', version: '0' }, display: ':7', session: null });
  const outcomes = params.map((given) =>
    wire.hostCall(method, JSON.parse(given) as Record<string, unknown>).then(
      (value) => ({ return: value }),
      (error: unknown) => ({ error: error instanceof RpcError ? [error.name, ...error.details] : String(error) }),
    ),
  );
  process.stdout.write(`${JSON.stringify({ session, outcomes: await Promise.all(outcomes) })}\n`, () => process.exit());
}

void main();
