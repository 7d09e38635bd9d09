import { connect, type OnReadOpts, type Socket } from 'node:net';
import x11, { type Display, type XClient, type XFixes } from 'x11';
import { DisplayError } from '../errors.ts';
import { type DisplayName, parseDisplayName } from './display-name.ts';
import { Inbound, replaceInbound } from './inbound.ts';
import { XA_LAST_PREDEFINED } from './protocol.ts';
import { readAuthorization } from './xauthority.ts';

/** Largest request without BIG-REQUESTS, in units of four bytes. */
const MAX_CORE_REQUEST_UNITS = 65_535;

/** Bytes that are read off the socket at once at most: a little more than a unix socket holds (net.core.wmem_default is 208 KiB). */
const SOCKET_READ_BYTES = 256 * 1024;

/**
 * How the library gathers requests: all of one turn of the event loop into one write, because a write that wakes the server
 * costs more than a request does. Nothing waits longer than until the loop looks for input again.
 */
const GATHER_REQUESTS = { maxDelay: Number.POSITIVE_INFINITY, flushOnReply: false };

/** A display that is connected, with the two extensions settled. */
export interface OpenDisplay {
  readonly name: DisplayName;
  readonly client: XClient;
  readonly stream: Socket;
  readonly display: Display;
  readonly xfixes: XFixes;
  /** Bytes that one request may have. */
  readonly maxRequestBytes: number;
}

/**
 * @param received called with what comes, in memory that is used again: large contents come in a thousand reads, and new
 * memory for each of them is what they would mostly cost
 */
function openSocket(name: DisplayName, signal: AbortSignal, received: (bytes: Uint8Array) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onread: OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(SOCKET_READ_BYTES),
      callback: (size, buffer) => {
        received(buffer.subarray(0, size));
        return true;
      },
    };
    const socket = connect({ ...name.address, onread });
    const where = 'path' in name.address ? name.address.path : `${name.address.host}:${name.address.port}`;
    const fail = (reason: string, cause?: unknown) => {
      socket.destroy();
      const help = 'is the X server running, and does DISPLAY name it?';
      const message = `cannot reach the X display ${JSON.stringify(name.text)} at ${where} (${reason}): ${help}`;
      reject(new DisplayError('display-unreachable', message, { cause }));
    };
    const abort = () => fail('no answer in time');
    signal.addEventListener('abort', abort);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', abort);
      fail(error.code ?? error.message, error);
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners('error');
      socket.on('error', () => {}); // 'close' follows and is what is listened to
      resolve(socket);
    });
  });
}

/**
 * Gives the client its own table of atoms. The library's is shared by all connections and has Object's prototype, so that
 * an atom of another server, or a function for `constructor`, could come out of it.
 */
export function resetAtoms(client: XClient): void {
  const known = Object.entries(client.atoms).filter(([, atom]) => atom <= XA_LAST_PREDEFINED);
  client.atoms = Object.assign(Object.create(null), Object.fromEntries(known));
  client.atom_names = Object.assign(Object.create(null), Object.fromEntries(known.map(([name, atom]) => [atom, name])));
}

function requireXFixes(client: XClient, name: DisplayName): Promise<XFixes> {
  return new Promise((resolve, reject) => {
    client.require('fixes', (error, xfixes) => {
      if (!error) return resolve(xfixes);
      const help = 'copies cannot be noticed without it; use a server that has it (Xorg, Xvfb and Xwayland do)';
      const message = `the X server of ${JSON.stringify(name.text)} lacks the XFIXES extension: ${help}`;
      reject(new DisplayError('xfixes-missing', message, { cause: error }));
    });
  });
}

/** Bytes of the largest request, with BIG-REQUESTS switched on where the server has it. */
function enableBigRequests(client: XClient, display: Display): Promise<number> {
  const core = Math.min(display.max_request_length, MAX_CORE_REQUEST_UNITS) * 4;
  return new Promise((resolve) => {
    client.require('big-requests', (error, bigRequests) => {
      if (error) return resolve(core);
      bigRequests.Enable((failure, units) => {
        resolve(failure ? core : Math.max(core, units * 4));
        return true;
      });
    });
  });
}

/**
 * Connects to a display: the socket by ourselves (the library falls back to TCP), the cookie by ourselves (the library
 * throws on an unreadable file), then the library's handshake, XFIXES and BIG-REQUESTS.
 *
 * @param displayText as in DISPLAY; undefined means the environment's
 * @throws DisplayError
 */
export async function openDisplay(
  displayText: string | undefined,
  env: NodeJS.ProcessEnv,
  connectMs: number,
): Promise<OpenDisplay> {
  const name = parseDisplayName(displayText ?? env['DISPLAY']);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), connectMs);
  try {
    const inbound = new Inbound();
    let flush = () => {};
    const stream = await openSocket(name, deadline.signal, (bytes) => {
      inbound.push(bytes);
      flush();
    });
    const { authorization, account } = await readAuthorization(name, env, stream.remoteAddress);
    return await new Promise<OpenDisplay>((resolve, reject) => {
      const fail = (error: Error) => {
        stream.destroy();
        reject(error);
      };
      const refuse = (reason: string, cause?: unknown) => {
        const text = `the X server of ${JSON.stringify(name.text)} refused the connection (${reason}): ${account}; set XAUTHORITY to the session's file of cookies`;
        fail(new DisplayError('display-refused', text, { cause }));
      };
      deadline.signal.addEventListener('abort', () => {
        const text = `the X server of ${JSON.stringify(name.text)} did not answer within ${connectMs} ms: does it hang, or is it grabbed?`;
        fail(new DisplayError('display-unreachable', text));
      });
      const client = x11.createClient(
        // `shm: false`: the library otherwise reaches into Node's internals for shared memory.
        {
          display: `:${name.number}`,
          stream,
          auth: authorization,
          shm: false,
          disableBigRequests: true,
          bufferRequests: GATHER_REQUESTS,
        },
        (error, display) => {
          if (error) return refuse(error.message, error);
          resetAtoms(client);
          // It looks through all that is outstanding at each event, for requests without a reply that have a callback: we make none.
          client._sweepVoid = () => {};
          Promise.all([requireXFixes(client, name), enableBigRequests(client, display)]).then(
            ([xfixes, maxRequestBytes]) => {
              client.removeAllListeners('error');
              client.on('error', () => {});
              resolve({ name, client, stream, display, xfixes, maxRequestBytes });
            },
            fail,
          );
        },
      );
      // The library has set the stream up by then, and nothing has come yet.
      queueMicrotask(() => {
        const { pack_stream: packStream } = client;
        replaceInbound(packStream, inbound);
        // What the events of one read have caused goes out together, and at once. (What is caused later, the library flushes.)
        flush = () => packStream.flush();
      });
      client.on('error', (error: Error) => refuse(error.message.replace(/^X server connection failed: /, '').trim()));
      stream.once('close', () => refuse('it hung up'));
    });
  } finally {
    clearTimeout(timer);
  }
}
