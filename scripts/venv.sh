# Read by the scripts beside it: one Python, and virtual environments made from it.

# The sum of everything an installation depends on.
stamp() {
    find "$root/src" "$root/pyproject.toml" -type f ! -name '*.pyc' -exec cksum {} + |
        sort | cksum
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "kring needs Python 3.11 or newer; found $(python3 --version 2>&1 || true)." >&2
    echo "Install python3.11 or newer, for example: sudo apt-get install python3.11 python3.11-venv" >&2
    exit 1
}

# venv DIRECTORY STAMP PIP-ARGUMENT...: the environment with that installed, unless it has it.
venv() {
    directory=$1 stamp=$2
    shift 2
    if [ "$(cat "$directory/kring-stamp" 2>/dev/null || true)" = "$stamp" ]; then
        return
    fi
    found=$(find_python)
    if ! [ -x "$directory/bin/pip" ]; then
        echo "making $directory" >&2
        rm -rf "$directory"
        "$found" -m venv "$directory" >&2 || {
            rm -rf "$directory"
            echo "$found cannot make a virtual environment. Try: sudo apt-get install python3-venv" >&2
            exit 1
        }
        echo '*' >"$directory/.gitignore"
    fi
    # Output of pip goes to standard error: standard output is for events.
    "$directory/bin/pip" install -qq --disable-pip-version-check "$@" >&2
    echo "$stamp" >"$directory/kring-stamp"
}
