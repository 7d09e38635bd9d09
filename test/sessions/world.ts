import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HostEndpoint, type HostListener, type HostOptions, listen } from '@clipmux/host';
import {
  ControlClient,
  type ControlEvent,
  type ControlEventKind,
  type Eligible,
  type EligibleReason,
  knownEvent,
  type SessionEntry,
} from '@clipmux/rpc';
import { accepts, Program } from '../support/chain.ts';
import { LogindMock } from '../support/logind-mock.ts';
import { PrivateBus } from '../support/private-bus.ts';
import { PublicPrograms, type TestUser } from '../support/users.ts';
import { until, within } from '../support/wait.ts';

export interface WorldOptions {
  readonly config?: string;
  readonly host?: HostOptions;
  /** Whom clipmuxd runs as; root unless told otherwise. */
  readonly user?: TestUser;
  /** Whether logind is there from the start; default yes. `mock.start()` brings it later. */
  readonly logind?: boolean;
  readonly logLevel?: string;
}

/**
 * A machine with clipmuxd as its users find it: a host at the port, logind (a mock on a private bus), the session socket that all
 * may connect to, and an administrator who watches on the control socket.
 */
export class World {
  readonly programs = new PublicPrograms();
  readonly host: HostEndpoint;
  readonly bus: PrivateBus;
  readonly mock: LogindMock;
  readonly sessionSocket = join(this.programs.directory, 'session.sock');
  readonly configPath = join(this.programs.directory, 'clipmux.toml');
  readonly #controlSocket = join(this.programs.directory, 'control.sock');
  readonly #portSocket = join(this.programs.directory, 'port.sock');
  readonly #options: WorldOptions;
  #listener: HostListener | undefined;
  #daemon: Program | undefined;
  #control: ControlClient | undefined;
  /** What the administrator has been told, oldest first. */
  readonly events: ControlEvent[] = [];
  #choice: Eligible = { session: null, reason: 'nobody' };
  #waiting: (() => void)[] = [];
  readonly #looking = new Set<(event: ControlEvent) => void>();

  static async start(options: WorldOptions = {}): Promise<World> {
    const world = new World(await PrivateBus.start(), options);
    if (options.logind ?? true) await world.mock.start();
    await world.#start();
    return world;
  }

  private constructor(bus: PrivateBus, options: WorldOptions) {
    this.bus = bus;
    this.mock = new LogindMock(bus.address);
    this.host = new HostEndpoint(options.host);
    this.#options = options;
  }

  get daemon(): Program {
    return this.#daemon as Program; // set by start(), and there is no World before
  }

  get control(): ControlClient {
    return this.#control as ControlClient; // as above
  }

  /** Who takes part, as the administrator was told last. */
  get choice(): Eligible {
    return this.#choice;
  }

  async end(): Promise<void> {
    this.#control?.close();
    await this.#daemon?.stop();
    await this.#listener?.close();
    await this.mock.stop();
    await this.bus.remove();
    this.programs.remove();
  }

  // --- what the administrator sees and does

  /** Waits until this holds, looking whenever something has happened. */
  async until(condition: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    const held = async () => {
      while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    };
    const doing = () => `${what}; who takes part: ${JSON.stringify(this.#choice)}`;
    await within(held(), doing(), timeoutMs).catch((error: Error) => {
      throw new Error(`${error.message}; in the end ${JSON.stringify(this.#choice)}\n${this.daemon.log}`);
    });
  }

  /** The next event of this kind that fits. Call it before what causes it. */
  happens<K extends ControlEventKind>(
    kind: K,
    fits: (event: ControlEvent & { kind: K }) => boolean = () => true,
  ): Promise<void> {
    const happened = new Promise<void>((resolve) => {
      const look = (event: ControlEvent): void => {
        if (event.kind !== kind || !fits(event as ControlEvent & { kind: K })) return;
        this.#looking.delete(look);
        resolve();
      };
      this.#looking.add(look);
    });
    return within(happened, `an event ${kind}`);
  }

  /** Waits until this session takes part, or nobody, for this reason. */
  chosen(session: number | null, reason?: EligibleReason): Promise<void> {
    return this.until(
      () => this.#choice.session === session && (reason === undefined || this.#choice.reason === reason),
      `session ${session} to take part${reason ? ` (${reason})` : ''}`,
    );
  }

  sessions(): Promise<SessionEntry[]> {
    return this.control.call('session.list', {});
  }

  async session(id: number): Promise<SessionEntry | undefined> {
    return (await this.sessions()).find((session) => session.id === id);
  }

  /** Waits until clipmuxd knows that a program in this session has copied so many times. */
  copies(id: number, count: number): Promise<void> {
    return until(
      async () => ((await this.session(id))?.counters.copies ?? 0) >= count,
      `copy ${count} in session ${id}`,
    );
  }

  /** Writes the configuration and has it read. Rejects with what is wrong with it. */
  async configure(config: string): Promise<readonly string[]> {
    writeFileSync(this.configPath, config);
    return (await this.control.call('config.reload', {})).changed;
  }

  // --- how it is put together

  async #start(): Promise<void> {
    const { host, programs } = this;
    const { config = '', user, logLevel = 'debug' } = this.#options;
    writeFileSync(this.configPath, config);
    this.#listener = await listen(this.#portSocket, host);
    chmodSync(this.#portSocket, 0o666);
    if (user) chmodSync(programs.directory, 0o777);
    const capable = once(host, 'capabilities');
    const daemon = new Program(
      'clipmuxd',
      [
        '--port',
        `unix:${this.#portSocket}`,
        '--session-socket',
        this.sessionSocket,
        '--config',
        this.configPath,
      ].concat('--log-level', logLevel),
      { env: { ...process.env, ...this.bus.env }, dist: programs.dist, node: programs.node, ...(user && { user }) },
    );
    this.#daemon = daemon;
    await until(() => {
      if (daemon.process.exitCode !== null) throw new Error(`clipmuxd ended before it was ready:\n${daemon.log}`);
      return accepts(this.sessionSocket);
    }, 'clipmuxd to be ready');
    await this.#watch();
    await within(capable, 'the guest to announce itself');
    await this.#settled();
  }

  async #watch(): Promise<void> {
    const stream = connect(this.#controlSocket);
    await once(stream, 'connect');
    this.#control = new ControlClient(stream, {
      event: (unknown) => {
        const event = knownEvent(unknown);
        if (!event) throw new Error(`clipmuxd told what its contract does not know: ${unknown.kind}`);
        this.events.push(event);
        if (event.kind === 'eligible') this.#choice = { session: event.session, reason: event.reason };
        for (const look of this.#looking) look(event);
        for (const wake of this.#waiting.splice(0)) wake();
      },
    });
    await this.#control.call('monitor.start', {});
    this.#choice = (await this.#control.call('status', {})).eligible;
  }

  /** The time for the host's standing offers is over: a copy in a guest that has nobody to take part needs it. */
  async #settled(): Promise<void> {
    if ((this.#options.logLevel ?? 'debug') === 'debug') await this.daemon.said(/the host has settled/);
  }
}
