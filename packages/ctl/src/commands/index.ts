/** The commands, in the order in which the help shows them. */
import type { Command } from '../command-line/command.ts';
import { clear } from './clear.ts';
import { completionOf } from './completion.ts';
import { config } from './config.ts';
import { doctor } from './doctor.ts';
import { get } from './get.ts';
import { hostCall } from './host-call.ts';
import { logLevel } from './log-level.ts';
import { monitor } from './monitor.ts';
import { policy } from './policy.ts';
import { reload } from './reload.ts';
import { select } from './select.ts';
import { sessionServe } from './session-serve.ts';
import { sessions } from './sessions.ts';
import { set } from './set.ts';
import { status } from './status.ts';
import { targets } from './targets.ts';
import { trace } from './trace.ts';

const ALL: readonly Command[] = [
  status,
  sessions,
  doctor,
  select,
  policy,
  get,
  set,
  targets,
  clear,
  monitor,
  hostCall,
  sessionServe,
  logLevel,
  trace,
  config,
  reload,
];

export const COMMANDS: readonly Command[] = [...ALL, completionOf(ALL)];
