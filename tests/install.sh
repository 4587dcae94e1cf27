# Sourced by the scripts beside it.

# Installs what the file $1 names into the Python environment $2.
install() {
    if ! cmp -s "$1" "$2/requirements.txt"; then
        rm -rf "$2"
        python3 -m venv "$2"
        "$2/bin/pip" install --quiet --disable-pip-version-check -r "$1"
        cp "$1" "$2/requirements.txt"
    fi
}
