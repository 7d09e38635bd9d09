import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopProcess } from './processes.ts';
import { within } from './wait.ts';

/**
 * A bus of our own in the place of the system bus or a session's: every user may connect, own names and talk to everybody, and it
 * starts no services but a test's own. Programs are led to it by DBUS_SYSTEM_BUS_ADDRESS or DBUS_SESSION_BUS_ADDRESS.
 */
const CONFIGURATION = (address: string, authentication: string, limits: string) => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${address}</listen>
  <auth>${authentication}</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*"/>
  </policy>
  ${limits}
</busconfig>
`;

export interface PrivateBusOptions {
  /** Limits of dbus-daemon(1), such as `max_replies_per_connection`. */
  readonly limits?: Readonly<Record<string, number>>;
  /** The one way to authenticate that it takes; default EXTERNAL. */
  readonly authentication?: string;
  /** Commands that it runs when somebody calls a name that nobody has, by that name. Of a command that holds `ADDRESS` this is replaced. */
  readonly services?: Readonly<Record<string, string>>;
}

/** A dbus-daemon of one test. Its address stays the same when it is restarted. */
export class PrivateBus {
  readonly address: string;
  /** What a program needs in its environment to take it for the system bus. */
  readonly env: { readonly DBUS_SYSTEM_BUS_ADDRESS: string };
  readonly #folder: string;
  readonly #configuration: string;
  #process: ChildProcess | undefined;

  /** Sets one up that does not run yet. */
  static prepare(options: PrivateBusOptions = {}): PrivateBus {
    return new PrivateBus(options);
  }

  static async start(options: PrivateBusOptions = {}): Promise<PrivateBus> {
    const bus = PrivateBus.prepare(options);
    await bus.start();
    return bus;
  }

  private constructor({ limits = {}, authentication = 'EXTERNAL', services = {} }: PrivateBusOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'clipmux-bus-'));
    chmodSync(this.#folder, 0o755);
    this.address = `unix:path=${join(this.#folder, 'bus')}`;
    this.env = { DBUS_SYSTEM_BUS_ADDRESS: this.address };
    this.#configuration = join(this.#folder, 'bus.conf');
    const lines = Object.entries(limits).map(([name, value]) => `<limit name="${name}">${value}</limit>`);
    const servicesFolder = join(this.#folder, 'services');
    mkdirSync(servicesFolder);
    for (const [name, command] of Object.entries(services)) {
      const service = `[D-BUS Service]\nName=${name}\nExec=${command.replaceAll('ADDRESS', this.address)}\nUser=root\n`;
      writeFileSync(join(servicesFolder, `${name}.service`), service);
    }
    lines.push(`<servicedir>${servicesFolder}</servicedir>`);
    writeFileSync(this.#configuration, CONFIGURATION(this.address, authentication, lines.join('\n  ')));
  }

  /** Resolves once it accepts connections. */
  async start(): Promise<void> {
    const child = spawn('dbus-daemon', [`--config-file=${this.#configuration}`, '--nofork', '--print-address'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    let stderr = '';
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    const ready = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`dbus-daemon ended with ${code} before it was ready: ${stderr}`)));
      child.stdout.once('data', () => resolve());
    });
    await within(ready, 'dbus-daemon to be ready');
  }

  /** Ends it: every connection is closed. */
  async stop(signal?: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child !== undefined) await stopProcess(child, signal);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops it from reading and answering, its connections staying open, until `thaw`. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    this.thaw();
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
