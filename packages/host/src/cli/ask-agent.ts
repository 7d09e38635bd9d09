import { access, constants, readFile, stat, writeFile } from 'node:fs/promises';
import { DEFAULT_MAX_PASTE_SIZE } from '../endpoint/options.ts';
import { HostError } from '../errors.ts';
import { GuestAgentClient, type Where } from '../guest-agent/client.ts';
import type { AgentArguments, CallArguments, GetArguments, SessionCallArguments, SetArguments } from './arguments.ts';
import { ExitStatus } from './exit-status.ts';
import { type CliIo, write } from './io.ts';
import { readAll, readAllOf } from './read-all.ts';

/** Carries out a command at the guest agent's port. */
export async function askAgent(given: AgentArguments, io: CliIo): Promise<number> {
  // What is to be sent is there before the guest is asked anything.
  const contents = given.command === 'set' ? await contentsOf(given, io) : null;
  const { timeout: timeoutMs } = given;
  const client = await GuestAgentClient.connect(given.socket, { ...(timeoutMs !== undefined && { timeoutMs }) });
  const end = (): void => client.close();
  io.ended.addEventListener('abort', end, { once: true });
  try {
    switch (given.command) {
      case 'sessions':
        await write(io.stdout, await sessions(client, given.json));
        break;
      case 'get':
        await get(client, given, io);
        break;
      case 'set':
        await client.set(where(given), contents ?? new Map(), given.share);
        break;
      case 'session-call':
        await write(io.stdout, await sessionCall(client, given));
        break;
      case 'call':
        await call(client, given, io);
        break;
    }
    return ExitStatus.OK;
  } finally {
    io.ended.removeEventListener('abort', end);
    client.close();
  }
}

async function sessions(client: GuestAgentClient, json: boolean): Promise<string> {
  if (json) return `${(await client.execute('guest-session-list')).text}\n`;
  const { sessions: listed } = await client.sessions();
  const line = (one: (typeof listed)[number]) =>
    `${one.eligible ? '*' : ' '} ${one.id} ${visible(one.user)} ${visible(one.display)}\n`;
  return listed.map(line).join('');
}

async function sessionCall(client: GuestAgentClient, given: SessionCallArguments): Promise<string> {
  const { session, method, params, programTimeout: timeoutMs } = given;
  const options = { ...(session !== undefined && { session }), ...(timeoutMs !== undefined && { timeoutMs }) };
  return `${JSON.stringify((await client.sessionCall(method, params, options)).result)}\n`;
}

/** A command that has succeeded without an answer prints nothing. */
async function call(client: GuestAgentClient, given: CallArguments, io: CliIo): Promise<void> {
  const returned = await client.call(given.name, given.given);
  if (returned) await write(io.stdout, `${returned.text}\n`);
}

async function get(client: GuestAgentClient, given: GetArguments, io: CliIo): Promise<void> {
  const { bytes } = await client.get(where(given), given.type, DEFAULT_MAX_PASTE_SIZE);
  if (given.output === undefined) await write(io.stdout, bytes);
  else await writeFile(given.output, bytes);
}

function where({ session, selection }: GetArguments | SetArguments): Where {
  return { selection, ...(session !== undefined && { session }) };
}

async function contentsOf({ sources }: SetArguments, io: CliIo): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const [type, file] of sources) {
    contents.set(type, file === null ? await readAll(io.stdin, io.ended) : await contentOf(file, io.ended));
  }
  return contents;
}

async function contentOf(file: string, ended: AbortSignal): Promise<Uint8Array> {
  await access(file, constants.R_OK);
  const found = await stat(file);
  if (!found.isFile()) return readAllOf(file, ended);
  const { size } = found;
  if (size > DEFAULT_MAX_PASTE_SIZE) {
    throw new HostError('too-large', `${file} has ${size} bytes, past the limit of ${DEFAULT_MAX_PASTE_SIZE}`);
  }
  return readFile(file);
}

/** A guest's text on a terminal of the host's: without what would steer it. */
function visible(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
