import { VERSION } from '../version.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { askAgent } from './ask-agent.ts';
import { copy } from './copy.ts';
import { ExitStatus, exitStatusFor, UsageError } from './exit-status.ts';
import { type CliIo, isClosedPipe, processIo, write } from './io.ts';
import { paste } from './paste.ts';
import { serve } from './serve.ts';
import { USAGE } from './usage.ts';
import { watch } from './watch.ts';

/** The program `clipmux-host`: runs the command and resolves to the exit status. Never rejects. */
export async function main(argv: readonly string[], io: CliIo = processIo()): Promise<number> {
  try {
    return await run(parseArguments(argv), io);
  } catch (error) {
    // Whatever was under way when the program was asked to end fails; that is no failure of the program.
    if (io.ended.aborted || isClosedPipe(error)) return ExitStatus.OK;
    const hint = error instanceof UsageError ? '\nTry clipmux-host --help.' : '';
    await write(io.stderr, `clipmux-host: ${error instanceof Error ? error.message : String(error)}${hint}\n`).catch(
      () => {},
    );
    return exitStatusFor(error);
  }
}

async function run(given: Arguments, io: CliIo): Promise<number> {
  switch (given.command) {
    case 'help':
      await write(io.stdout, USAGE);
      return ExitStatus.OK;
    case 'version':
      await write(io.stdout, `clipmux-host ${VERSION}\n`);
      return ExitStatus.OK;
    case 'copy':
      return copy(given, io);
    case 'paste':
      return paste(given, io);
    case 'watch':
      return watch(given, io);
    case 'sessions':
    case 'get':
    case 'set':
    case 'session-call':
    case 'call':
      return askAgent(given, io);
    case 'events':
    case 'serve':
      return serve(given, io);
  }
}
