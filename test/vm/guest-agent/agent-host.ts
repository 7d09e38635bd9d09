import { GuestAgentClient, GuestCommandError, type SessionList, type Targets } from '@clipmux/host';
import { AgentClient } from '../../guest-agent/client.ts';
import { until } from '../../support/wait.ts';
import type { Desktop } from '../desktop/desktop.ts';
import { agentSocket, QEMU_PORT } from './ports.ts';

/** An emulated processor on a busy machine. */
const SLOW_MS = 60_000;

/** The host of a desktop guest's agent: what its commands return, and how it is connected. One connection at a time, as QEMU has it. */
export class AgentHost {
  readonly #desktop: Desktop;
  #client: GuestAgentClient | undefined;

  constructor(desktop: Desktop) {
    this.#desktop = desktop;
  }

  /** Connects to the port anew; resolves when the guest answers there. */
  async connect(port: string = QEMU_PORT): Promise<void> {
    this.disconnect();
    await until(
      async () => {
        const client = await GuestAgentClient.connect(this.path(port), { timeoutMs: SLOW_MS });
        const answered = await client.execute('guest-ping').catch(() => undefined);
        if (answered) this.#client = client;
        else client.close();
        return answered !== undefined;
      },
      `the guest to answer on ${port}`,
      SLOW_MS,
    );
  }

  disconnect(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  /** Where QEMU listens for the host's end. */
  path(port: string = QEMU_PORT): string {
    return agentSocket(this.#desktop.folder, port);
  }

  get client(): GuestAgentClient {
    if (!this.#client) throw new Error('the host is not connected to the guest agent');
    return this.#client;
  }

  /** What a command returns. */
  async call<T = unknown>(command: string, given: object = {}): Promise<T> {
    return (await this.client.execute(command, given)).value as T;
  }

  /** The error with which the guest answers. */
  async refusal(command: string, given: object = {}): Promise<{ class: string; desc: string }> {
    const error = await this.client.execute(command, given).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof GuestCommandError)) throw new Error(`${command} was not refused: ${error}`);
    return { class: error.errorClass, desc: error.message };
  }

  sessions(): Promise<SessionList> {
    return this.client.sessions();
  }

  targets(): Promise<Targets> {
    return this.client.targets();
  }

  /** Uses the port by its bytes, instead of the client. */
  async raw(use: (stream: AgentClient) => Promise<void>): Promise<void> {
    this.disconnect();
    const stream = await AgentClient.connect(this.path());
    try {
      await use(stream);
    } finally {
      stream.close();
      await this.connect();
    }
  }

  /** Text both ways through alice's clipboard, by commands. */
  async exchangeText(text: string): Promise<void> {
    const alice = this.#desktop.session('alice');
    await this.client.set({}, new Map([['text/plain;charset=utf-8', Buffer.from(`host: ${text}`)]]));
    await until(
      async () => (await alice.pasteAny()) === `host: ${text}`,
      "the host's text in alice's session",
      SLOW_MS,
    );
    await alice.copy(`guest: ${text}`);
    await until(async () => (await this.targets()).owner === 'program', 'the copy to be known', SLOW_MS);
    const { bytes } = await this.client.get({}, undefined, 1024);
    if (bytes.toString() !== `guest: ${text}`) throw new Error(`the host read '${bytes}' instead of 'guest: ${text}'`);
  }
}
