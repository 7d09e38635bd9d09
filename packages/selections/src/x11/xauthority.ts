import { readFile } from 'node:fs/promises';
import { isIP, isIPv4 } from 'node:net';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import type { DisplayName } from './display-name.ts';

/*
 * The file of cookies, as libXau reads it (Xauth.h, AuRead.c): entries of
 * u16 family, then address, display number, name and data, each a u16 length and that many bytes, all big-endian.
 */
const FAMILY_INTERNET = 0;
const FAMILY_INTERNET6 = 6;
const FAMILY_LOCAL = 256;
const FAMILY_WILD = 65_535;

/** The one scheme that servers use today. */
const MIT_MAGIC_COOKIE = 'MIT-MAGIC-COOKIE-1';

export interface XauthorityEntry {
  readonly family: number;
  readonly address: Buffer;
  /** The display's number in decimal; empty means any. */
  readonly number: string;
  readonly name: string;
  readonly data: Buffer;
}

/** A cookie as the `x11` library wants it: bytes as Latin-1 strings, empty for none. */
export interface Authorization {
  readonly name: string;
  readonly data: string;
}

const NO_AUTHORIZATION: Authorization = { name: '', data: '' };

/** All whole entries of the file; a torn last one is left out. */
export function parseXauthority(bytes: Uint8Array): XauthorityEntry[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: XauthorityEntry[] = [];
  let at = 0;
  const counted = (): Buffer | undefined => {
    if (at + 2 > file.length) return undefined;
    const end = at + 2 + file.readUInt16BE(at);
    if (end > file.length) return undefined;
    const value = file.subarray(at + 2, end);
    at = end;
    return value;
  };
  while (at + 2 <= file.length) {
    const family = file.readUInt16BE(at);
    at += 2;
    const address = counted();
    const number = counted();
    const name = counted();
    const data = counted();
    if (!address || !number || !name || !data) break;
    entries.push({ family, address, number: number.toString('latin1'), name: name.toString('latin1'), data });
  }
  return entries;
}

/** Whom a cookie must be for. */
export interface Server {
  readonly number: number;
  /** This machine's name. */
  readonly hostname: string;
  /** The address of a server on another machine; undefined for one on this machine. */
  readonly remoteAddress?: string | undefined;
}

function addressMatches(entry: XauthorityEntry, server: Server): boolean {
  if (entry.family === FAMILY_WILD) return true;
  if (server.remoteAddress === undefined) {
    return entry.family === FAMILY_LOCAL && entry.address.toString('latin1') === server.hostname;
  }
  if (entry.family === FAMILY_INTERNET) return [...entry.address].join('.') === server.remoteAddress;
  if (entry.family === FAMILY_INTERNET6 && entry.address.length === 16) {
    const groups = Array.from({ length: 8 }, (_, i) => entry.address.readUInt16BE(i * 2).toString(16));
    return new URL(`http://[${groups.join(':')}]`).hostname === new URL(`http://[${server.remoteAddress}]`).hostname;
  }
  return false;
}

/** The first entry for this server, as XauGetBestAuthByAddr chooses it. */
export function findAuthorization(entries: readonly XauthorityEntry[], server: Server): Authorization | undefined {
  const entry = entries.find(
    (candidate) =>
      candidate.name === MIT_MAGIC_COOKIE &&
      (candidate.number === '' || candidate.number === String(server.number)) &&
      addressMatches(candidate, server),
  );
  return entry && { name: entry.name, data: entry.data.toString('latin1') };
}

/** Whether a TCP peer is this machine, whose cookies are filed as local (so `ssh -X` files them). */
function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.')) || address.startsWith('::ffff:127.');
}

/** A cookie for the display, and where it was looked for, for the message when the server refuses it. */
export interface FoundAuthorization {
  readonly authorization: Authorization;
  readonly account: string;
}

/**
 * Looks a display's cookie up in $XAUTHORITY, else ~/.Xauthority. A file that is missing or cannot be read is no error:
 * the server may want none.
 *
 * @param remoteAddress the IP address at the other end of a TCP connection
 */
export async function readAuthorization(
  display: DisplayName,
  env: NodeJS.ProcessEnv,
  remoteAddress?: string,
): Promise<FoundAuthorization> {
  const path = env['XAUTHORITY'] || join(env['HOME'] || homedir(), '.Xauthority');
  const origin = env['XAUTHORITY'] ? `XAUTHORITY=${path}` : `${path} (XAUTHORITY is not set)`;
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { authorization: NO_AUTHORIZATION, account: `${origin} could not be read (${code})` };
  }
  const remote = remoteAddress !== undefined && isIP(remoteAddress) && !isLoopback(remoteAddress);
  const found = findAuthorization(parseXauthority(bytes), {
    number: display.number,
    hostname: hostname(),
    remoteAddress: remote ? remoteAddress : undefined,
  });
  if (found !== undefined) return { authorization: found, account: `the cookie in ${origin} was sent` };
  return {
    authorization: NO_AUTHORIZATION,
    account: `${origin} holds no cookie for display ${display.number} of ${hostname()}`,
  };
}
