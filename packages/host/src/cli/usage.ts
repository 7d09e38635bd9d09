import { MIME_TYPES } from '../mime.ts';

/** What `--help` prints. */
export const USAGE = `Usage: clipmux-host --socket PATH [--listen] [OPTION]... COMMAND

The host's end of a vdagent port: copies into a guest and pastes out of it, as QEMU's
vdagent chardev or a SPICE client does. With the ports of the guest agent and of calls it
drives the guest's sessions by JSON commands, and answers what they call.

Commands at the clipboard's port:
  copy [FILE]   offer the content of FILE, or of the standard input, and serve it until
                the guest takes the selection over or the program is ended
  paste         write what the guest offers to the standard output
  watch         print one line for each thing that happens; never content

Commands at the guest agent's port:
  sessions      list the guest's sessions; * marks the one that takes part
  get           write what a session's selection holds to the standard output
  set [FILE]    give a session the content of FILE, or of the standard input, to paste
  session-call METHOD [PARAMS]
                call a method that a program of a session serves, with a JSON object for
                parameters, and print what it returns as JSON
  call COMMAND [ARGUMENTS]
                send a command, with a JSON object for arguments, as it is written, and
                print what it returns, if anything

Commands at the port for calls:
  events        print one line for each event of the guest; never content
  serve         answer calls of sessions by the commands that --handler names

Options:
  --socket PATH       the unix socket of the guest's port
  --listen            listen on it (for clipmuxd --port unix:PATH, or QEMU's
                      -chardev socket,path=PATH); default: connect to it
                      (QEMU's -chardev socket,server=on)
  --manner MANNER     qemu (default) or spice: whose behaviour to show
  --selection NAME    clipboard (default) or primary
  --session ID        get, set, session-call: the session; default: the one that takes part
  --type MIME         paste, get: the type to ask for; default: text, else (paste) the
                      first offered; copy, set: the type of the content; default: text
  --type MIME=FILE    copy, set: offer FILE as this type too; may be repeated
  --output FILE       paste, get: write to FILE
  --share             set: let the guest offer it to the host too
  --handler METHOD=COMMAND
                      serve: run COMMAND by the shell for calls of METHOD, with the
                      parameters as JSON on its standard input; what it prints as JSON is
                      the answer, and a failing status an error. CLIPMUX_SESSION has the
                      session's number. May be repeated
  --once              copy: leave after the first paste in the guest was served
  --wait              paste: wait for the guest to copy something if it owns nothing
  --timeout SECONDS   give up after so long without a guest, and without its content;
                      0: never. Default: paste 10, copy and watch 0. Commands of the
                      guest agent: without an answer, 15; by default not once
                      guest-exec, guest-fsfreeze-..., guest-fstrim, guest-shutdown or
                      guest-suspend-... was sent. session-call: the program itself may
                      take so long, 10 by default
  --json              watch, events: one JSON object a line; sessions: the answer as it is
  --help, --version

Types: ${MIME_TYPES.join(', ')}

Exit status: 0 done, or ended by SIGTERM or SIGINT; 1 failure, or an error of the guest's;
2 wrong usage; 3 nothing for paste or get, or not in this type; 4 timed out, here or in the
guest.
`;
