import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, stopProcess } from '../../support/processes.ts';
import { until } from '../../support/wait.ts';
import { type Display, startXvfb, type Xvfb } from '../../support/xvfb.ts';

/** The viewer's start and the first picture, from a machine that is emulated. */
const CONNECT_TIMEOUT_MS = 60_000;

/**
 * TigerVNC's viewer on an Xvfb, with a window manager: it shares the display's clipboard only while it has the focus. It says what it does on
 * its standard error.
 */
export class VncViewer {
  readonly display: Display;
  readonly #xvfb: Xvfb;
  readonly #home: string;
  readonly #processes: ChildProcess[] = [];
  #viewer: ChildProcess | undefined;
  #output = '';
  /** What the server's clipboard can do is known to the viewer: what is copied before is never announced to the guest. */
  #hasClipboard = false;

  private constructor(xvfb: Xvfb, home: string) {
    this.#xvfb = xvfb;
    this.display = xvfb;
    this.#home = home;
  }

  /** Connects to a VNC server's unix socket; resolves when the viewer's window has the focus, and the viewer knows the server's clipboard. */
  static async connect(socket: string): Promise<VncViewer> {
    const home = mkdtempSync(join(tmpdir(), 'clipmux-vnc-viewer-'));
    const viewer = new VncViewer(await startXvfb({ args: ['-screen', '0', '1280x1024x24'] }), home);
    try {
      viewer.#start('openbox');
      // A window from before it manages windows never gets the focus.
      await until(() => viewer.#managed(), 'the window manager', CONNECT_TIMEOUT_MS);
      viewer.#viewer = viewer.#start('xtigervncviewer', [
        ...['-Shared', '-RemoteResize=0', '-SetPrimary=0', '-SendPrimary=0', '-Log=*:stderr:100'],
        socket,
      ]);
      await until(() => viewer.#focused(), `TigerVNC's window to have the focus`, CONNECT_TIMEOUT_MS);
      await until(() => viewer.#hasClipboard, `TigerVNC to know the server's clipboard`, CONNECT_TIMEOUT_MS);
    } catch (error) {
      await viewer.stop();
      throw new Error(`${(error as Error).message}; the viewer said:\n${viewer.#output.slice(-2000)}`);
    }
    return viewer;
  }

  /** @throws if the viewer has died: a case that kills it fails by this */
  lives(): void {
    const { exitCode, signalCode } = this.#viewer ?? { exitCode: null, signalCode: null };
    if (exitCode !== null || signalCode !== null)
      throw new Error(`the viewer ended with ${exitCode ?? signalCode}:\n${this.#output.slice(-2000)}`);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes.reverse()) await stopProcess(child);
    await this.#xvfb.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #managed(): Promise<boolean> {
    return (await run('xdotool', ['get_num_desktops'], { env: this.display.env })).code === 0;
  }

  async #focused(): Promise<boolean> {
    this.lives();
    const { stdout } = await run('xdotool', ['getactivewindow', 'getwindowname'], { env: this.display.env });
    return /TigerVNC/.test(stdout.toString());
  }

  #start(program: string, args: readonly string[] = []): ChildProcess {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      env: { ...process.env, ...this.display.env, HOME: this.#home, XDG_RUNTIME_DIR: this.#home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.#output = (this.#output + data.toString('latin1')).slice(-10_000);
      this.#hasClipboard ||= this.#output.includes('Got server clipboard capabilities');
    });
    this.#processes.push(child);
    return child;
  }
}
