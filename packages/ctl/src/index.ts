/** clipmuxctl: see, steer and diagnose clipmuxd. */

export { completionScript, SHELLS, type Shell } from './command-line/completion/index.ts';
export { COMMANDS } from './commands/index.ts';
export { EXIT } from './exit-status.ts';
export { main } from './main.ts';
