/**
 * The main job, step by step: copy and paste between a host and an X11 session, with the real programs.
 *
 *   npm run demo [-- [--keep] [--display :N]]
 */
import { parseArgs } from 'node:util';
import { type Chain, startChain } from '../support/chain.ts';
import { makePng } from '../support/png.ts';
import { type Display, startXvfb } from '../support/xvfb.ts';
import { prompt } from './prompt.ts';
import { guestToHost, hostToGuest, pngSample, say, textSample } from './steps.ts';

const USAGE = `Usage: npm run demo [-- [--keep] [--display :N]]

  --keep         stay up afterwards, and let a person be the host
  --display :N   use this X display, which runs already, instead of an Xvfb
`;

/** Long enough to need INCR on X11 and hundreds of chunks on the port. */
const LONG_TEXT = 'Grüße aus der Zwischenablage, 剪贴板, 📋\n'.repeat(40_000);

/** What a shell says of a program that a signal has ended (128 + SIGTERM's number); SIGHUP and SIGINT end it just so. */
const ENDED_BY_SIGNAL = 143;

interface Options {
  readonly keep: boolean;
  readonly display: string | undefined;
}

async function main(options: Options, ended: AbortSignal): Promise<boolean> {
  say('clipmux: copy and paste between a host and an X11 session\n');
  const xvfb = options.display === undefined ? await startXvfb() : null;
  try {
    const display: Display = xvfb ?? {
      display: options.display ?? '',
      env: { ...process.env, DISPLAY: options.display },
    };
    const chain = await startChain({ display, config: '', host: { manner: 'spice' } });
    try {
      return await Promise.race([play(chain, options, xvfb !== null), gone(ended)]);
    } finally {
      await chain.stop();
    }
  } finally {
    await xvfb?.stop();
  }
}

async function play(chain: Chain, options: Options, isOwnDisplay: boolean): Promise<boolean> {
  const { display } = chain.xvfb;
  say(`  host endpoint  ${chain.portSocket} (in the manner of a SPICE client)`);
  say(`  clipmuxd       pid ${chain.daemon.process.pid}, agents connect to ${chain.sessionSocket}`);
  say(`  agent          pid ${chain.agent.process.pid} on display ${display}${isOwnDisplay ? ' (Xvfb)' : ''}\n`);
  const png = pngSample(makePng(400, 300));
  const results = [
    await hostToGuest(chain, 'clipboard', textSample('Hello from the host: ¿qué tal? 你好 👋')),
    await guestToHost(chain, 'clipboard', textSample('Hello from the guest: grüß Gott, 안녕 🐧')),
    await hostToGuest(chain, 'clipboard', png),
    await guestToHost(chain, 'clipboard', png),
    await hostToGuest(chain, 'clipboard', textSample(LONG_TEXT, 'a long text')),
    await guestToHost(chain, 'clipboard', textSample(LONG_TEXT, 'a long text')),
    await hostToGuest(chain, 'primary', textSample('PRIMARY of the host')),
    await guestToHost(chain, 'primary', textSample('PRIMARY of the guest')),
  ];
  const same = results.every(Boolean);
  say(same ? `\nAll ${results.length} contents arrived as they were sent.` : '\nSOMETHING DIFFERED, see above.');
  if (options.keep) {
    say(`\nStill running. In another terminal: DISPLAY=${display} xclip -selection clipboard -o\n`);
    await prompt(chain.host);
  }
  return same;
}

function gone(ended: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(ended.reason);
    if (ended.aborted) fail();
    else ended.addEventListener('abort', fail, { once: true });
  });
}

/** The options; or the exit status where there is nothing to play. */
function parse(): Options | number {
  try {
    const { values } = parseArgs({
      options: { keep: { type: 'boolean', default: false }, display: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (!values.help) return { keep: values.keep, display: values.display };
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
}

const options = parse();
if (typeof options === 'number') process.exit(options);
// A terminal that is closed sends SIGHUP to all: clipmuxd would take it as the wish to read its configuration anew, and stay.
const ended = new AbortController();
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => ended.abort(new Error(`ended by ${signal}`)));
try {
  process.exitCode = (await main(options, ended.signal)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = ended.signal.aborted ? ENDED_BY_SIGNAL : 1;
}
// A prompt that was left by a signal still holds the standard input.
process.exit();
