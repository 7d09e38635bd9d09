import { writeSync } from 'node:fs';

/** How often a line is tried when standard error is a full nonblocking pipe; blocking descriptors never need it. */
const WRITE_ATTEMPTS = 16;
const STANDARD_ERROR = 2;

/**
 * Writes lines to standard error at once and never throws: not with process.stderr, whose error event (the reader of a pipe has
 * gone) would end the program, and which costs memory. Lines that could not be written are counted, and the count is written
 * before the next line that can.
 */
export function createStandardErrorWriter(
  write: (data: Buffer) => number = (data) => writeSync(STANDARD_ERROR, data),
): (line: string) => void {
  let lost = 0;
  return (line) => {
    const notice = lost > 0 ? `${lost} log lines could not be written\n` : '';
    if (writeAll(write, Buffer.from(notice + line))) lost = 0;
    else lost++;
  };
}

function writeAll(write: (data: Buffer) => number, data: Buffer): boolean {
  let rest = data;
  for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
    try {
      rest = rest.subarray(write(rest));
      if (rest.length === 0) return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
    }
  }
  return false;
}
