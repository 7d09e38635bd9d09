/**
 * One spelling for each X server that a DISPLAY names: `:7`, `:7.0`, `unix:7` and `:07` are the same one. What is no display's name
 * stays as it is; two of them are the same only if they are written alike.
 */
export function displayServer(display: string): string {
  const match = /^(.*[^:]|):(\d{1,5})(?:\.\d{1,3})?$/.exec(display);
  if (match === null) return display;
  const [, host = '', number] = match;
  return `${host === 'unix' ? '' : host.toLowerCase()}:${Number(number)}`;
}
