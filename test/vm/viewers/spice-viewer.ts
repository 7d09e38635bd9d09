import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, stopProcess } from '../../support/processes.ts';
import { until, within } from '../../support/wait.ts';
import { type Display, startXvfb, type Xvfb } from '../../support/xvfb.ts';

/** GTK's start and the connection, on a machine that emulates another one. */
const CONNECT_TIMEOUT_MS = 120_000;
/** Room for the window at any size that a test gives it. */
const SCREEN = '1600x1200x24';

/**
 * The agent is there, and has told that it has clipboards (VD_AGENT_CAP_CLIPBOARD_SELECTION, the last of them). What is copied between the two is
 * never announced to the guest: spice-gtk takes it for announced.
 */
const AGENT_HAS_CLIPBOARDS = /agent connected: yes[\s\S]*: cap: 6 \(/;

/** virt-viewer's remote-viewer on an Xvfb: a SPICE client as people have it, with a display whose clipboard it shares. */
export class SpiceViewer {
  readonly display: Display;
  readonly #xvfb: Xvfb;
  readonly #home: string;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(xvfb: Xvfb, home: string) {
    this.#xvfb = xvfb;
    this.display = xvfb;
    this.#home = home;
  }

  /** Starts the display, and no viewer yet. */
  static async prepare(): Promise<SpiceViewer> {
    return new SpiceViewer(
      await startXvfb({ args: ['-screen', '0', SCREEN] }),
      mkdtempSync(join(tmpdir(), 'clipmux-viewer-')),
    );
  }

  /** Whether the viewer lives: a case that kills it fails by this. */
  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Connects to a SPICE server's unix socket; resolves when the viewer knows what the agent in the guest can do. */
  async connect(socket: string): Promise<void> {
    this.#output = '';
    const process_ = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'remote-viewer', '--spice-debug', `spice+unix://${socket}`],
      {
        // No session bus: it would look for the person's password and settings there.
        env: {
          ...process.env,
          ...this.display.env,
          HOME: this.#home,
          XDG_RUNTIME_DIR: this.#home,
          GSETTINGS_BACKEND: 'memory',
          NO_AT_BRIDGE: '1',
          DBUS_SESSION_BUS_ADDRESS: 'disabled:',
          G_MESSAGES_DEBUG: 'all',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#process = process_;
    await this.said(AGENT_HAS_CLIPBOARDS);
  }

  /** Waits for the viewer to write this. */
  async said(pattern: RegExp): Promise<void> {
    const process_ = this.#process;
    if (process_ === undefined) throw new Error('the viewer has not been started');
    let end = () => {};
    const found = new Promise<void>((resolve, reject) => {
      const take = (data: Buffer) => {
        this.#output += data.toString('latin1');
        if (pattern.test(this.#output)) resolve();
      };
      const died = () => reject(new Error(`the viewer ended: ${this.#output.slice(-1000)}`));
      process_.stdout?.on('data', take);
      process_.stderr?.on('data', take);
      process_.once('exit', died);
      end = () => {
        process_.off('exit', died);
      };
    });
    try {
      await within(found, `${pattern} from the viewer; it said: ${this.#output.slice(-1000)}`, CONNECT_TIMEOUT_MS);
    } finally {
      end();
    }
  }

  /** Gives the window another size, as a person does who drags its edge: the guest is asked to follow. */
  async resize(width: number, height: number): Promise<void> {
    await this.#xdotool('windowsize', await this.#window(), String(width), String(height));
  }

  /** Moves the pointer to a place in the window, given as shares of its width and height. */
  async point(x: number, y: number): Promise<void> {
    const window = await this.#window();
    const geometry = await this.#xdotool('getwindowgeometry', '--shell', window);
    const size = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(geometry)?.[1]);
    const place = [size('WIDTH') * x, size('HEIGHT') * y].map((part) => String(Math.round(part)));
    await this.#xdotool('mousemove', '--window', window, ...place);
  }

  /** The viewer's window, once there is one; GTK makes others that are never shown. */
  async #window(): Promise<string> {
    const find = ['search', '--onlyvisible', '--class', 'remote-viewer'];
    let found = '';
    await until(
      async () => {
        const { stdout } = await run('xdotool', find, { env: this.display.env });
        found = stdout.toString().trim().split('\n').at(-1) ?? '';
        return found !== '';
      },
      "the viewer's window",
      CONNECT_TIMEOUT_MS,
    );
    return found;
  }

  async #xdotool(...parameters: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run('xdotool', parameters, { env: this.display.env });
    if (code !== 0) throw new Error(`xdotool ${parameters.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.toString();
  }

  /** Ends the viewer; the display stays. */
  async disconnect(): Promise<void> {
    if (this.#process !== undefined) await stopProcess(this.#process);
    this.#process = undefined;
  }

  async stop(): Promise<void> {
    await this.disconnect();
    await this.#xvfb.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }
}
