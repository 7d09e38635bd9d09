import { DisplayError } from '../errors.ts';

/** Where the servers of this machine listen. */
const SOCKET_DIRECTORY = '/tmp/.X11-unix';
/** TCP port of display 0 (X Window System Protocol, "Connection Setup"). */
const TCP_BASE_PORT = 6000;
/** Highest number whose TCP port exists. */
const MAX_DISPLAY_NUMBER = 65_535 - TCP_BASE_PORT;

/** A DISPLAY taken apart. */
export interface DisplayName {
  /** As it was given. */
  readonly text: string;
  readonly number: number;
  readonly screen: number;
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
}

/**
 * Takes a DISPLAY apart: `:N`, `:N.S` and `unix:N` mean this machine's socket, `host:N` means TCP.
 * TCP is never a fallback: a missing socket must not send the cookie over the network.
 *
 * @throws DisplayError `display-invalid`
 */
export function parseDisplayName(text: string | undefined): DisplayName {
  if (text === undefined || text === '') {
    throw new DisplayError('display-invalid', 'no X display is named: set DISPLAY, or use --display :N');
  }
  const match = /^(.*[^:]|):(\d{1,5})(?:\.(\d{1,3}))?$/.exec(text);
  const number = Number(match?.[2]);
  if (match === null || number > MAX_DISPLAY_NUMBER) {
    throw new DisplayError(
      'display-invalid',
      `DISPLAY is ${JSON.stringify(text)}, which names no X display: it should look like ":0" or "host:0"`,
    );
  }
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1');
  const local = host === '' || host === 'unix';
  return {
    text,
    number,
    screen: Number(match[3] ?? 0),
    address: local ? { path: `${SOCKET_DIRECTORY}/X${number}` } : { host, port: TCP_BASE_PORT + number },
  };
}
