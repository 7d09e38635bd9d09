import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from '../support/wait.ts';
import { startXvfb, type Xvfb } from '../support/xvfb.ts';
import { type Contender, type ContenderName, startContender } from './contenders.ts';
import { BenchHost } from './host.ts';
import { X11_TARGETS } from './payload.ts';
import { Owner } from './x11/owner.ts';
import { Requestor } from './x11/requestor.ts';

const READY_TIMEOUT_MS = 15_000;

/** What every measurement uses: the guest's owner and requestor, and the host. */
export interface Tools {
  readonly owner: Owner;
  readonly requestor: Requestor;
  readonly host: BenchHost;
}

/** One Xvfb for the whole run; on it one contender at a time, each with the same tools. */
export class Stage {
  readonly display: string;
  readonly #xvfb: Xvfb;
  readonly #directory: string;
  readonly #nodeFlags: readonly string[];

  private constructor(xvfb: Xvfb, nodeFlags: readonly string[]) {
    this.#xvfb = xvfb;
    this.display = xvfb.display;
    this.#nodeFlags = nodeFlags;
    this.#directory = mkdtempSync(join(tmpdir(), 'clipmux-bench-'));
  }

  static async open(nodeFlags: readonly string[]): Promise<Stage> {
    return new Stage(await startXvfb(), nodeFlags);
  }

  /** The unix socket in place of the virtio port. */
  get port(): string {
    return join(this.#directory, 'port.sock');
  }

  /** Lends the tools alone, with no agent between them, for the floor. */
  async withTools<T>(use: (tools: Tools) => Promise<T>): Promise<T> {
    const targets = Object.values(X11_TARGETS);
    const tools = {
      owner: await Owner.connect(this.display, targets),
      requestor: await Requestor.connect(this.display, targets),
      host: await BenchHost.listen(this.port),
    };
    try {
      return await use(tools);
    } finally {
      tools.owner.close();
      tools.requestor.close();
      tools.host.close();
    }
  }

  /** Starts a contender, lends it and the tools once both ends work, and stops it. */
  async withContender<T>(name: ContenderName, use: (contender: Contender, tools: Tools) => Promise<T>): Promise<T> {
    return this.withTools(async (tools) => {
      const guest = tools.host.nextGuest();
      const contender = await startContender(name, {
        display: this.display,
        env: this.#xvfb.env,
        port: this.port,
        directory: this.#directory,
        nodeFlags: this.#nodeFlags,
      });
      try {
        await within(guest, `${name} to open the port`, READY_TIMEOUT_MS);
        // The host's offer stands until the session's agent is there to take it.
        const owned = tools.requestor.nextOwner('CLIPBOARD');
        tools.host.copy('CLIPBOARD', 'text', Buffer.from('ready'));
        await within(owned, `${name} to own what the host offers`, READY_TIMEOUT_MS);
        return await use(contender, tools);
      } catch (error) {
        const last = contender.errors().trimEnd().split('\n').slice(-3).join(' | ');
        throw new Error(`${(error as Error).message}${last === '' ? '' : ` (its last words: ${last})`}`);
      } finally {
        await contender.stop();
      }
    });
  }

  async close(): Promise<void> {
    await this.#xvfb.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
