import type { Logger } from '@clipmux/posix';
import { NODE_TIMERS, type Timers } from '@clipmux/rpc';
import { permitted } from '../arbiter/index.ts';
import type { GuestAgentSettings } from '../config/index.ts';
import type { ClientPort } from './client/client-port.ts';
import { DevicePort } from './client/device-port.ts';
import { ListeningPort } from './client/listening-port.ts';
import { ClipboardAccess, type GuestAgentTarget } from './commands/clipboard-access.ts';
import { ClipboardCommands } from './commands/clipboard-commands.ts';
import { CommandFilter } from './commands/command-filter.ts';
import { Dispatcher } from './commands/dispatcher.ts';
import { sessionCommands } from './commands/session-commands.ts';
import { Freeze } from './upstream/freeze.ts';
import { Upstream } from './upstream/upstream.ts';

export interface GuestAgentOptions {
  readonly target: GuestAgentTarget;
  /** Asked whenever they matter; `ports` and `upstream` once. */
  readonly settings: () => GuestAgentSettings;
  readonly version: string;
  readonly logger: Logger;
  readonly timers?: Timers;
}

const UNIX_PREFIX = 'unix:';

/** The guest agent: JSON commands from the host, in qemu-ga's dialect, on any number of ports. */
export class GuestAgent {
  readonly #logger: Logger;
  readonly #freeze: Freeze;
  readonly #upstream: Upstream | null;
  readonly #clipboard: ClipboardCommands;
  readonly #ports: readonly ClientPort[];

  constructor(options: GuestAgentOptions) {
    const { target, settings, version, logger, timers = NODE_TIMERS } = options;
    this.#logger = logger;
    this.#freeze = new Freeze((quiet) => this.#quieten(quiet));
    const { upstream, ports } = settings();
    this.#upstream =
      upstream === null
        ? null
        : new Upstream({
            path: pathOf(upstream),
            freeze: this.#freeze,
            answerMs: () => settings().upstreamAnswerMs,
            logger: logger.child('qemu-ga'),
            timers,
          });
    const access = new ClipboardAccess(target, permitted, () => settings().privileged);
    this.#clipboard = new ClipboardCommands(access, timers);
    const dispatcher = new Dispatcher({
      handlers: { ...this.#clipboard.handlers, ...sessionCommands(target, access, () => settings().sessionMethods) },
      filter: new CommandFilter(settings, this.#freeze),
      upstream: this.#upstream,
      version,
      logger,
    });
    this.#ports = ports.map((name) =>
      name.startsWith(UNIX_PREFIX)
        ? new ListeningPort(pathOf(name), { answerer: dispatcher, logger })
        : DevicePort.ofPath(name, dispatcher, logger),
    );
  }

  /** Resolves when the sockets can be connected to; devices are opened as soon as they can be. @throws {ListenError} */
  async start(): Promise<void> {
    if (this.#ports.length === 0) return;
    // Before anything is carried out it must be known whether file systems are frozen.
    await this.#upstream?.start();
    for (const port of this.#ports) {
      await port.start();
      this.#logger.info('the guest agent is spoken', { port: port.name });
    }
  }

  /** Resolves when no file system is frozen, at once where none is. Who ends before leaves them frozen, and nobody to thaw them. */
  thawed(): Promise<void> {
    return this.#freeze.thawed();
  }

  /** Ends all connections. Never rejects. */
  async stop(): Promise<void> {
    await Promise.all(this.#ports.map((port) => port.stop()));
    this.#upstream?.stop();
    this.#clipboard.stop();
  }

  #quieten(quiet: boolean): void {
    if (quiet) {
      this.#logger.info('file systems are being frozen: nothing is logged until they are thawed');
      this.#logger.hold();
    } else {
      this.#logger.release();
      this.#logger.info('file systems are thawed');
    }
  }
}

function pathOf(name: string): string {
  return name.slice(UNIX_PREFIX.length);
}
