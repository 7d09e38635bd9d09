import { MIME_TYPES } from '../mime.ts';

/** What `--help` prints. */
export const USAGE = `Usage: clipmux-host --socket PATH [--listen] [OPTION]... COMMAND

The host's end of a vdagent port: copies into a guest and pastes out of it, as QEMU's
vdagent chardev or a SPICE client does.

Commands:
  copy [FILE]   offer the content of FILE, or of the standard input, and serve it until
                the guest takes the selection over or the program is ended
  paste         write what the guest offers to the standard output
  watch         print one line for each thing that happens; never content

Options:
  --socket PATH       the unix socket of the guest's port
  --listen            listen on it (for clipmuxd --port unix:PATH, or QEMU's
                      -chardev socket,path=PATH); default: connect to it
                      (QEMU's -chardev socket,server=on)
  --manner MANNER     qemu (default) or spice: whose behaviour to show
  --selection NAME    clipboard (default) or primary
  --type MIME         paste: the type to ask for; default: text, else the first offered
                      copy: the type of the content; default: text
  --type MIME=FILE    copy: offer FILE as this type too; may be repeated
  --output FILE       paste: write to FILE
  --once              copy: leave after the first paste in the guest was served
  --wait              paste: wait for the guest to copy something if it owns nothing
  --timeout SECONDS   give up after so long without a guest, and without its content;
                      0: never. Default: paste 10, copy and watch 0
  --json              watch: one JSON object a line
  --help, --version

Types: ${MIME_TYPES.join(', ')}

Exit status: 0 done, or ended by SIGTERM or SIGINT; 1 failure; 2 wrong usage; 3 nothing to
paste, or not in this type; 4 timed out.
`;
