import type { HostEndpoint } from '@clipmux/host';
import { Program } from '../support/chain.ts';
import type { Ends } from '../support/exchange.ts';
import type { NewSession } from '../support/logind-mock.ts';
import type { TestUser } from '../support/users.ts';
import { until } from '../support/wait.ts';
import { type Copier, xclipCopy, xclipPaste } from '../support/xclip.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import type { World } from './world.ts';

/** How an agent is found by logind: as a process of the session's scope, or as one under user@.service, which has no session. */
export interface AgentOptions {
  /** Default: yes. */
  readonly inScope?: boolean;
  /** XDG_SESSION_ID in its environment. Default: none. */
  readonly named?: string;
  /** The user's runtime directory, in which the agent listens for programs. Default: none. */
  readonly runtime?: string;
}

/** Where a user sits: a login session, a display, and the real agent of both. */
export class Desk implements Ends {
  readonly host: HostEndpoint;
  readonly user: TestUser;
  readonly xvfb: Xvfb;
  /** The id in logind. */
  readonly login: string;
  readonly #world: World;
  readonly #copiers: Copier[] = [];
  #agent: Program | undefined;
  #id = 0;

  /** The user logs in; the agent starts and has connected when this resolves. */
  static async open(world: World, user: TestUser, login: NewSession, options: AgentOptions = {}): Promise<Desk> {
    const desk = new Desk(world, user, await startXvfb(), login.id);
    world.mock.addSession({ uid: user.uid, user: user.name, display: desk.xvfb.display, ...login });
    await desk.startAgent(options);
    return desk;
  }

  private constructor(world: World, user: TestUser, xvfb: Xvfb, login: string) {
    this.#world = world;
    this.host = world.host;
    this.user = user;
    this.xvfb = xvfb;
    this.login = login;
  }

  get agent(): Program {
    return this.#agent as Program; // there is no desk without one
  }

  /** The session's id at clipmuxd. */
  get id(): number {
    return this.#id;
  }

  /** Starts the agent as it starts in a session. Does not wait until it has connected. */
  launchAgent({ inScope = true, named, runtime }: AgentOptions = {}): Program {
    const { programs, sessionSocket, mock } = this.#world;
    const { XDG_SESSION_ID: _, ...env } = this.xvfb.env;
    const agent = new Program(
      'clipmux-session',
      ['--socket', sessionSocket, '--display', this.xvfb.display, '--log-level', 'debug'],
      {
        env: {
          ...env,
          ...(named !== undefined && { XDG_SESSION_ID: named }),
          ...(runtime !== undefined && { XDG_RUNTIME_DIR: runtime }),
        },
        dist: programs.dist,
        node: programs.node,
        user: this.user,
      },
    );
    // It connects later than this: its process has only been made.
    if (inScope && agent.process.pid !== undefined) mock.bindPid(agent.process.pid, this.login);
    return agent;
  }

  /** Starts the agent and waits until clipmuxd knows it. */
  async startAgent(options: AgentOptions = {}): Promise<void> {
    const agent = this.launchAgent(options);
    this.#agent = agent;
    await this.reconnected(0);
  }

  /** Waits until the agent has connected, counting from a line of its log. */
  async reconnected(from: number): Promise<void> {
    const line = await this.agent.said(/connected to clipmuxd session=\d+/, from);
    this.#id = Number(/session=(\d+)/.exec(this.agent.log.split('\n')[line - 1] as string)?.[1]);
  }

  /** Copies in the session. The program lives until the desk is closed or something else takes the selection. */
  copy(text: string): Copier {
    const copier = xclipCopy(this.xvfb, text);
    this.#copiers.push(copier);
    return copier;
  }

  /** Copies in the session and waits until clipmuxd knows. */
  async copyKnown(text: string): Promise<void> {
    const before = (await this.#world.session(this.id))?.counters.copies ?? 0;
    this.copy(text);
    await this.#world.copies(this.id, before + 1);
  }

  /** Pastes in the session. Rejects where there is nothing. */
  async paste(): Promise<string> {
    return (await xclipPaste(this.xvfb, { target: 'UTF8_STRING' })).toString();
  }

  /** Waits until the agent owns CLIPBOARD for the host; call it before what causes that. */
  given(): Promise<number> {
    return this.agent.said(/the selection is owned for the host selection=clipboard/, this.agent.lines);
  }

  /** Waits until the agent has given CLIPBOARD up; call it before what causes that. */
  taken(): Promise<number> {
    return this.agent.said(/nothing is owned for the host selection=clipboard/, this.agent.lines);
  }

  /** No program owns anything in this session any more, and clipmuxd knows. */
  async clear(): Promise<void> {
    await this.#endPrograms();
    const known = async () => (await this.#world.session(this.id))?.offers.clipboard === null;
    await until(known, `nothing to be offered in session ${this.id}`);
  }

  /** Everything here ends but the login session. */
  async close(): Promise<void> {
    await this.#endPrograms();
    await this.#agent?.stop();
    await this.xvfb.stop();
  }

  async #endPrograms(): Promise<void> {
    await Promise.all(this.#copiers.splice(0).map((copier) => copier.stop('SIGKILL')));
  }
}
