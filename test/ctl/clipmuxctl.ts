import { join } from 'node:path';
import { type Outcome, run } from '../support/processes.ts';

const DIST = join(import.meta.dirname, '../../dist');

export interface CtlOptions {
  /** Path of clipmuxd's control socket. */
  readonly socket?: string;
  readonly input?: Uint8Array | string;
  /** Beside PATH and HOME. The display and session of whoever runs the tests are left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whom it runs as; the user of the tests unless told otherwise. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Supplementary groups of that user. */
  readonly groups?: readonly number[];
  /** The folder of the built programs. */
  readonly dist?: string;
  readonly node?: string;
  /** Put before the command, as `unshare` is. */
  readonly through?: readonly string[];
}

/** What clipmuxctl left behind, its standard output as text too. */
export interface CtlOutcome extends Outcome {
  readonly text: string;
}

/** Runs the built clipmuxctl. */
export async function clipmuxctl(args: readonly string[], options: CtlOptions = {}): Promise<CtlOutcome> {
  const { socket, user, groups = [], dist = DIST, node = process.execPath, through = [] } = options;
  const become = user
    ? [
        'setpriv',
        `--reuid=${user.uid}`,
        `--regid=${user.gid}`,
        groups.length > 0 ? `--groups=${groups.join()}` : '--clear-groups',
      ]
    : [];
  const at = socket === undefined ? [] : ['--socket', socket];
  const [command, ...rest] = [...through, ...become, node, join(dist, 'clipmuxctl.cjs'), ...at, ...args];
  const { PATH, HOME } = process.env;
  const outcome = await run(command as string, rest, {
    env: { PATH, HOME, ...options.env },
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  return { ...outcome, text: outcome.stdout.toString() };
}

/** What `doctor --json` found. */
export interface Diagnosis {
  readonly status: number | null;
  readonly healthy: boolean;
  /** Every finding by its code. */
  readonly findings: ReadonlyMap<
    string,
    { readonly severity: string; readonly sentence: string; readonly remedies: string }
  >;
}

/** Runs the doctor. */
export async function doctor(options: CtlOptions = {}, ...args: readonly string[]): Promise<Diagnosis> {
  const { code, text, stderr } = await clipmuxctl(['doctor', '--json', ...args], options);
  if (stderr !== '') throw new Error(`the doctor complained: ${stderr}`);
  const { healthy, checks } = JSON.parse(text) as {
    healthy: boolean;
    checks: {
      findings: { code: string; severity: string; sentence: string; remedies: { where: string; lines: string[] }[] }[];
    }[];
  };
  const findings = checks.flatMap((check) => check.findings);
  return {
    status: code,
    healthy,
    findings: new Map(
      findings.map(({ code: name, severity, sentence, remedies }) => [
        name,
        { severity, sentence, remedies: remedies.flatMap(({ lines }) => lines).join('\n') },
      ]),
    ),
  };
}
