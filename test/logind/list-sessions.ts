/** `list-sessions PID`: what logind on the system bus has, as JSON, and the session of the process. */
import { Logind } from '../../packages/multiplexer/src/logind/index.ts';

async function main(): Promise<void> {
  const logind = new Logind();
  await logind.start();
  const ofPid = await logind.sessionOfPid(Number(process.argv[2]));
  console.log(JSON.stringify({ sessions: [...logind.sessions.values()], ofPid }));
  logind.stop();
}

void main();
