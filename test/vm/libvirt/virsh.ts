/**
 * libvirt's own virsh, with libvirt's QEMU driver inside: no daemon, no configuration of this machine, nothing but a folder
 * (https://libvirt.org/drvqemu.html#embedded-driver). It is one process for all commands, since the driver lives in it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ended } from '../../support/processes.ts';
import { within } from '../../support/wait.ts';

/** An emulated guest's answer, and what waits before it. */
const COMMAND_TIMEOUT_MS = 120_000;
/** The embedded driver has no virtlogd. */
const QEMU_CONF = 'stdio_handler = "file"\n';
/** As nobody libvirt is unprivileged, and needs none of the users that its daemon has. */
const NOBODY = 65534;
const PROMPT = 'virsh # ';

export class Virsh {
  readonly #process: ChildProcess;
  #output = '';
  #marks = 0;
  #arrived: () => void = () => {};

  private constructor(process_: ChildProcess) {
    this.#process = process_;
    process_.stdout?.on('data', (bytes: Buffer) => {
      this.#output += bytes.toString();
      this.#arrived();
    });
    process_.once('exit', () => this.#arrived());
  }

  /** @param folder for all that libvirt writes. What it starts ends with it, and it ends with this process. */
  static start(folder: string): Virsh {
    mkdirSync(join(folder, 'etc'), { recursive: true });
    writeFileSync(join(folder, 'etc/qemu.conf'), QEMU_CONF);
    const environment = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, TERM: 'dumb', COLUMNS: '30000' };
    const namespaces = ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--pid', '--fork', '--mount-proc'];
    // The shell is the namespace's first process, which buries what libvirt starts and leaves to it: libvirt waits for that.
    const shell = `stdbuf -o0 virsh -q -c 'qemu:///embed?root=${folder}' 2>&1; exit`;
    return new Virsh(
      spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...namespaces, '--kill-child', 'sh', '-c', shell], {
        env: environment,
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
  }

  /** Runs a command of virsh, written as in its shell. Returns what it prints; rejects with its error. */
  async run(command: string): Promise<string> {
    this.#marks += 1;
    const mark = `end-of-command-${this.#marks}`;
    this.#output = '';
    this.#process.stdin?.write(`${command}\necho ${mark}\n`);
    const echo = `${PROMPT}echo ${mark}\n`;
    const done = async () => {
      while (!this.#output.includes(`${echo}${mark}`)) {
        if (this.#process.exitCode !== null) throw new Error(`virsh has ended: ${this.#output}`);
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
      }
    };
    await within(done(), `virsh ${command}`, COMMAND_TIMEOUT_MS).catch((error: Error) => {
      throw new Error(`${error.message}; so far it has said: ${this.#output}`);
    });
    // The first line is the command, as virsh repeats it.
    const said = this.#output.slice(this.#output.indexOf('\n') + 1, this.#output.indexOf(echo)).trim();
    if (/^error:/m.test(said)) throw new Error(`virsh ${command}: ${said}`);
    return said;
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await ended(this.#process);
  }
}
