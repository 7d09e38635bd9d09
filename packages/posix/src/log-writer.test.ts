import { describe, expect, it } from 'vitest';
import { createStandardErrorWriter } from './log-writer.ts';

const systemError = (code: string) => Object.assign(new Error(code), { code });

describe('createStandardErrorWriter', () => {
  it('goes on where a full pipe took only a part', () => {
    const taken: string[] = [];
    let calls = 0;
    const write = createStandardErrorWriter((data) => {
      if (calls++ === 1) throw systemError('EAGAIN');
      taken.push(data.subarray(0, 4).toString());
      return Math.min(4, data.length);
    });
    write('one line\n');
    expect(taken.join('')).toBe('one line\n');
  });

  it('never throws, and says later how many lines were lost', () => {
    const taken: string[] = [];
    let error: Error | undefined = systemError('EPIPE');
    const write = createStandardErrorWriter((data) => {
      if (error !== undefined) throw error;
      taken.push(data.toString());
      return data.length;
    });
    write('one\n');
    error = systemError('EAGAIN');
    write('two\n');
    error = undefined;
    write('three\n');
    write('four\n');
    expect(taken).toEqual(['2 log lines could not be written\nthree\n', 'four\n']);
  });
});
