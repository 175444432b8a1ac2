#!/usr/bin/env bash
# What tests need beside Python: Debian's Chromium, PostgreSQL and Java, and LHC-Forms from npm. Installs where it may, and
# says loudly what is missing. Usage: scripts/system.sh FOLDER
set -uo pipefail
folder=$1
mkdir -p "$folder"
: > "$folder/missing.txt"

missing() {
    echo "$1" >> "$folder/missing.txt"
    echo "!! MISSING: $1" >&2
}

install() { # package command
    command -v "$2" > /dev/null && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        echo "installing $1"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $1; } > "$folder/apt.log" 2>&1
    fi
    command -v "$2" > /dev/null
}

install "chromium fonts-dejavu-core" chromium ||
    missing "Chromium: the FHIR form and every page are not tested in a browser"

if [ -z "$(ls -d /usr/lib/postgresql/*/bin/initdb 2> /dev/null)" ]; then
    install postgresql initdb
    [ -n "$(ls -d /usr/lib/postgresql/*/bin/initdb 2> /dev/null)" ] || command -v initdb > /dev/null ||
        missing "PostgreSQL: the history is tested on SQLite alone"
fi

install openjdk-17-jre-headless java ||
    missing "Java 17: nothing is tested on Spark"

# LHC-Forms, the National Library of Medicine's renderer of FHIR Questionnaires; used in tests alone.
version=40.1.3
sum=288cff4360e8a90a44e994a01422d2cf970170000ce915b5739ccc383097edd9
if [ ! -f "$folder/lforms/dist/lforms/webcomponent/lhc-forms.js" ]; then
    if command -v npm > /dev/null || install npm npm; then
        (cd "$folder" && npm pack --silent "lforms@$version" > /dev/null 2> npm.log &&
            echo "$sum  lforms-$version.tgz" | sha256sum --check --quiet &&
            rm -rf package lforms && tar xzf "lforms-$version.tgz" && mv package lforms &&
            rm "lforms-$version.tgz") || missing "LHC-Forms $version: the FHIR form is not rendered"
    else
        missing "npm: LHC-Forms cannot be had, the FHIR form is not rendered"
    fi
fi
exit 0
