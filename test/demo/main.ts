/**
 * The main job, step by step: copy and paste between a host and an X11 session, with the real programs.
 *
 *   npm run demo [-- [--keep] [--display :N]]
 */
import { parseArgs } from 'node:util';
import { startChain } from '../support/chain.ts';
import { makePng } from '../support/png.ts';
import { type Display, startXvfb } from '../support/xvfb.ts';
import { prompt } from './prompt.ts';
import { guestToHost, hostToGuest, pngSample, say, textSample } from './steps.ts';

const { values: options } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, display: { type: 'string' } },
});

/** Long enough to need INCR on X11 and hundreds of chunks on the port. */
const LONG_TEXT = 'Grüße aus der Zwischenablage, 剪贴板, 📋\n'.repeat(40_000);

async function main(): Promise<boolean> {
  say('clipmux: copy and paste between a host and an X11 session\n');
  const xvfb = options.display === undefined ? await startXvfb() : null;
  const display: Display = xvfb ?? {
    display: options.display ?? '',
    env: { ...process.env, DISPLAY: options.display },
  };
  const chain = await startChain({ display, config: '', host: { manner: 'spice' } });
  say(`  host endpoint  ${chain.portSocket} (in the manner of a SPICE client)`);
  say(`  clipmuxd       pid ${chain.daemon.process.pid}, agents connect to ${chain.sessionSocket}`);
  say(`  agent          pid ${chain.agent.process.pid} on display ${display.display}${xvfb ? ' (Xvfb)' : ''}\n`);
  try {
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
      say(`\nStill running. In another terminal: DISPLAY=${display.display} xclip -selection clipboard -o\n`);
      await prompt(chain.host);
    }
    return same;
  } finally {
    await chain.stop();
    await xvfb?.stop();
  }
}

process.exitCode = (await main()) ? 0 : 1;
