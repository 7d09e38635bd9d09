import { ControlClient, RpcError } from '@clipmux/rpc';
import type { Command, CommandContext } from './command-line/command.ts';
import { commandHelp, programHelp } from './command-line/help.ts';
import { type Parsed, parseCommandLine } from './command-line/parse.ts';
import { COMMANDS } from './commands/index.ts';
import { connectControl, DEFAULT_CONTROL_SOCKET } from './connect.ts';
import { EXIT, exitStatusFor, UsageError } from './exit-status.ts';
import { plain } from './format/text.ts';
import { type CtlIo, isClosedPipe, processIo, write } from './io.ts';
import { CLIPMUX_VERSION } from './version.ts';

/** The program `clipmuxctl`: runs the command and resolves with the exit status. Never rejects. */
export async function main(
  argv: readonly string[],
  io: CtlIo = processIo(),
  commands: readonly Command[] = COMMANDS,
): Promise<number> {
  try {
    return await run(parseCommandLine(argv, commands), io, commands);
  } catch (error) {
    if (isClosedPipe(error)) return EXIT.ok;
    await tell(error, io, argv.includes('--json')).catch(() => {});
    return exitStatusFor(error);
  }
}

async function run(parsed: Parsed, io: CtlIo, commands: readonly Command[]): Promise<number> {
  switch (parsed.kind) {
    case 'help':
      await write(io.stdout, parsed.command ? commandHelp(parsed.command) : programHelp(commands));
      return EXIT.ok;
    case 'version':
      await write(io.stdout, `clipmuxctl ${CLIPMUX_VERSION}\n`);
      return EXIT.ok;
    case 'run': {
      const clients: ControlClient[] = [];
      try {
        return await parsed.command.run(parsed.invocation, contextOf(parsed, io, clients));
      } finally {
        for (const client of clients) client.close();
      }
    }
  }
}

function contextOf(
  { socket = DEFAULT_CONTROL_SOCKET, json }: Extract<Parsed, { kind: 'run' }>,
  io: CtlIo,
  clients: ControlClient[],
): CommandContext {
  return {
    io,
    socket,
    json,
    connect: async (options = {}) => {
      const client = new ControlClient(await connectControl(socket), options);
      clients.push(client);
      return client;
    },
    print: async (value, text) => {
      const output = json ? `${JSON.stringify(value, null, 2)}\n` : text();
      if (output !== '') await write(io.stdout, output);
    },
  };
}

/** The error, for people or as JSON. */
async function tell(error: unknown, io: CtlIo, json: boolean): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const details = error instanceof RpcError ? error.details : [];
  if (json) {
    const name = error instanceof Error ? nameOf(error) : 'internal';
    const content = { name, message, ...(details.length > 0 ? { details } : {}) };
    await write(io.stderr, `${JSON.stringify({ error: content })}\n`);
    return;
  }
  const lines = [`clipmuxctl: ${plain(message)}`, ...details.map((line) => `  ${plain(line)}`)];
  if (error instanceof UsageError) lines.push(`Try: clipmuxctl ${error.command ? `${error.command} ` : ''}--help`);
  await write(io.stderr, `${lines.join('\n')}\n`);
}

/** Names of RpcErrors as the contract has them; of our own errors their codes. */
function nameOf(error: Error): string {
  if (error instanceof UsageError) return 'usage';
  const { code } = error as { code?: unknown };
  return error instanceof RpcError || typeof code !== 'string' ? error.name : code;
}
