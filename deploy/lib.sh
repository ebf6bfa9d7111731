# Shared by deploy/run and deploy/test: plain words on the terminal, what must be installed, the toolchain, a suite to talk to.
# Sourced, not run.

# The least Swift that the package manifest asks for.
swift_major_min=6
swift_minor_min=2

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

# A step that begins: what is about to happen.
step() { printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '    %s\n' "$*"; }
note() { printf '    %s%s%s\n' "$dim" "$*" "$plain"; }
die() {
    printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
    exit 1
}

# Runs a command as root: directly, or with sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root, and there is no sudo: run as root: $*"
    fi
}

# Installs the Debian packages that are missing. On other systems it only checks what matters, and says what to install.
need_packages() {
    if ! command -v apt-get >/dev/null; then
        local library command
        for command in git curl python3 make pkg-config; do
            command -v "$command" >/dev/null || die "$command is missing: install it with your system's package manager"
        done
        for library in sqlite3 libcurl libcrypto; do
            pkg-config --exists "$library" || die "the development files of $library are missing: install them and try again"
        done
        return
    fi
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} = 0 ]; then
        say 'everything is installed'
        return
    fi
    say "installing: ${missing[*]}"
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# What the suite is built with and needs while it runs.
packages=(libsqlite3-dev libcurl4-openssl-dev libssl-dev openssl pkg-config ca-certificates git curl python3 python3-venv make)

# Makes the virtual environment of Python under .build, and installs the given packages there; sets `python` to its folder.
need_python() {
    python="$root/.build/python"
    [ -x "$python/bin/pip" ] || python3 -m venv "$python"
    [ $# = 0 ] || "$python/bin/pip" install -q --disable-pip-version-check "$@"
}

# Puts the files of Swagger UI beside the programs in `bin`. Without them the gateway shows a plain page of its own.
need_swagger_ui() {
    local folder="$root/.build/swagger-ui" wheel
    [ ! -e "$bin/swagger-ui/swagger-ui-bundle.js" ] || return 0
    need_python
    mkdir -p "$folder" "$bin/swagger-ui"
    if ! "$python/bin/pip" download -q --disable-pip-version-check --no-deps -d "$folder" drf-spectacular-sidecar; then
        note 'Swagger UI could not be fetched: /swagger-ui/ is a plain list of the routes'
        return 0
    fi
    for wheel in "$folder"/*.whl; do
        "$python/bin/python" - "$wheel" "$bin/swagger-ui" <<'END'
import pathlib, sys, zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if "/swagger-ui-dist/" in name and not name.endswith((".map", "/")):
            (pathlib.Path(sys.argv[2]) / pathlib.Path(name).name).write_bytes(wheel.read(name))
END
    done
}

# Finds a Swift toolchain that is new enough, also where installers put it without telling the shell.
need_swift() {
    local folder version major minor
    for folder in '' "$HOME/.local/share/swiftly/bin" "$HOME/.swiftly/bin" /opt/swift/usr/bin /usr/libexec/swift/bin; do
        [ -z "$folder" ] || [ -x "$folder/swift" ] || continue
        version=$(PATH="${folder:+$folder:}$PATH" swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
        [ -n "$version" ] || continue
        major=${version%%.*} minor=${version#*.}
        if [ "$major" -gt "$swift_major_min" ] || { [ "$major" = "$swift_major_min" ] && [ "$minor" -ge "$swift_minor_min" ]; }; then
            PATH="${folder:+$folder:}$PATH"
            say "Swift $version"
            return
        fi
        note "Swift $version in ${folder:-the PATH} is too old"
    done
    die "Swift $swift_major_min.$swift_minor_min or later is needed and was not found.
       Install it with swiftly (https://www.swift.org/install/linux/), then open a new shell and try again."
}

# Whether something listens on a port of 127.0.0.1.
port_is_busy() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first free port from $1 on.
free_port() {
    local port=$1
    while port_is_busy "$port"; do port=$((port + 1)); done
    printf '%s' "$port"
}

suite_pid=''
# Starts `nexus up` with the given arguments and waits until it is ready; sets `address` and `suite_pid`. What it prints goes to the file $1.
start_suite() {
    local log=$1 waited=0
    shift
    # The first start prints the administrator's password there.
    (umask 077 && : >"$log.out" && : >>"$log")
    "$bin/nexus" up "$@" >"$log.out" 2>>"$log" &
    suite_pid=$!
    until address=$(sed -n 's/^ready //p' "$log.out") && [ -n "$address" ]; do
        kill -0 "$suite_pid" 2>/dev/null || die "the suite stopped while it was starting; its last words:
$(tail -n 20 "$log")"
        [ "$waited" -lt 600 ] || die "the suite was not ready after a minute; see $log"
        waited=$((waited + 1))
        sleep 0.1
    done
}

# Stops the suite that start_suite started, and waits until it is gone.
stop_suite() {
    [ -n "$suite_pid" ] || return 0
    kill -TERM "$suite_pid" 2>/dev/null || true
    wait "$suite_pid" 2>/dev/null || true
    suite_pid=''
}

# One request with the credential in `token`: METHOD PATH [JSON]. Prints the answer's body; fails, after showing it, when it is an error.
api() {
    local body
    if ! body=$(curl -sS --max-time 60 --fail-with-body -X "$1" "$address$2" -H "Authorization: Bearer $token" \
        ${3:+-H 'Content-Type: application/json' -d "$3"}); then
        printf '%s %s answered: %s\n' "$1" "$2" "$body" >&2
        return 1
    fi
    printf '%s' "$body"
}

# Reads and writes JSON; see deploy/show.py.
show() { python3 "$root/deploy/show.py" "$@"; }
