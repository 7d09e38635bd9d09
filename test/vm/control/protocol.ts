/**
 * What the test and the guest say to each other over the second serial line, one JSON object a line. The serial line is slow, and made for
 * commands: bulk data goes over the ports under test.
 */
export type Order =
  | { readonly id: number; readonly do: 'start'; readonly command: readonly string[] }
  | { readonly id: number; readonly do: 'input'; readonly pid: number; readonly text: string }
  | { readonly id: number; readonly do: 'signal'; readonly pid: number; readonly signal: NodeJS.Signals }
  | { readonly id: number; readonly do: 'read'; readonly path: string }
  | { readonly id: number; readonly do: 'list'; readonly path: string };

export type Report =
  | { readonly event: 'ready'; readonly uptime: number; readonly node: string }
  | { readonly event: 'answer'; readonly id: number; readonly value: string | number | readonly string[] }
  | { readonly event: 'refusal'; readonly id: number; readonly message: string }
  | { readonly event: 'output'; readonly pid: number; readonly source: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly event: 'exit';
      readonly pid: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };
