#!/bin/sh
# Where each boot of a device begins until it is set up from its card. Called by cloud-init
# (bootcmd), or by firstrun.sh where the image has none; from then on by a unit of its own.
# It may be called at any time, any number of times, and needs neither network nor clock.
#
#   start.sh          install the unit and start it
#   start.sh later    install it only; the next boot starts it
#   start.sh needed   exit 0 if there is something to do (the unit's condition)
#   start.sh run      set the device up (what the unit runs)
#   start.sh unit     print the unit
set -u

root=${HAOCHAPING_ROOT:-}
boot=$root/boot/firmware
card=$boot/haochaping
lib=$root/usr/local/lib/haochaping
units=$root/etc/systemd/system
unit=haochaping-first-boot.service
done=$root/var/lib/haochaping/applied.json
serial=$root/sys/firmware/devicetree/base/serial-number
board=$root/etc/haochaping/board
identity=$root/var/lib/haochaping/device/identity.json

unit() {
    cat <<'UNIT'
[Unit]
Description=Haochaping: set this device up from its card
RequiresMountsFor=/boot/firmware
After=local-fs.target NetworkManager.service dbus.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecCondition=/bin/sh /usr/local/lib/haochaping/start.sh needed
ExecStart=/bin/sh /usr/local/lib/haochaping/start.sh run
Restart=on-failure
RestartSec=10
# Its own words only: states go to the console, lines to the journal.
StandardOutput=journal
StandardError=journal
UMask=0022

[Install]
WantedBy=multi-user.target
UNIT
}

# Lets a file take the place of another, whole or not at all.
put() {
    cmp -s "$1" "$2" && return 0
    if [ -z "$root" ] && [ ! -w "${2%/*}" ]; then
        mount -o remount,rw /
    fi
    mkdir -p "${2%/*}" && cp "$1" "$2.new" && sync "$2.new" && mv "$2.new" "$2" && sync "${2%/*}"
}

# Says it where a technician looks, while nothing of ours can run yet.
stopped() {
    echo "haochaping: $1 $2: $3"
    { printf '%s  %s\r\n\r\n%s\r\n' "$1" "$2" "$3" >"$card/STATE.txt"; } 2>/dev/null
    { printf '\033[H\033[J\r\n  HAOCHAPING   %s  %s\r\n\r\n  %s\r\n' "$1" "$2" "$3" \
        >"$root/dev/tty1"; } 2>/dev/null
    return 1
}

# True if the file on the card is the one that card.json names.
whole() {
    named=$(sed -n "s/.*\"$1\": *\"\([0-9a-f]\{64\}\)\".*/\1/p" "$card/card.json" 2>/dev/null)
    found=$(sha256sum "$card/$1" 2>/dev/null)
    [ -n "$named" ] && [ "$named" = "${found%% *}" ]
}

# Takes over from the card what this very step needs; what is damaged there is left there.
take_over() {
    for name in first-boot.pyz start.sh; do
        if whole "$name"; then
            put "$card/$name" "$lib/$name" || return 1
        fi
    done
}

install() {
    if ! whole start.sh || ! whole first-boot.pyz; then
        [ -e "$lib/first-boot.pyz" ] && [ -e "$lib/start.sh" ] ||
            stopped 41 BAD_PROFILE "Write the card again with haochaping provision cards."
    fi || return 1
    take_over || return 1
    draft=$lib/$unit.draft
    unit >"$draft" && put "$draft" "$units/$unit" || return 1
    rm -f "$draft"
    wants=$units/multi-user.target.wants
    if [ ! -L "$wants/$unit" ]; then
        mkdir -p "$wants" && ln -s "/etc/systemd/system/$unit" "$wants/$unit" && sync "$wants"
    fi
}

needed() {
    # Set up, and no card to say otherwise: nothing to do.
    if [ -r "$done" ] && [ ! -e "$card/card.json" ]; then return 1; fi
    cmp -s "$card/card.json" "$done" || return 0
    if [ -r "$serial" ]; then
        [ "$(tr -d '\0' <"$serial")" = "$(cat "$board" 2>/dev/null)" ] || return 0
    fi
    spent
}

# True if central has taken the token that lies on the card. It did so at a boot at which first
# boot had nothing to do: enrolment alone cannot make the card writable, to take the token away
# and to say how it ended.
spent() {
    [ -r "$card/token" ] && [ -r "$identity" ] || return 1
    word=$(tr -d '[:space:]' <"$card/token" | sha256sum)
    grep -q "\"${word%% *}\"" "$identity"
}

run() {
    take_over || echo "haochaping: the card's first-boot.pyz could not be taken over" >&2
    if ! command -v python3 >/dev/null; then
        stopped 45 STEP_FAILED "This image has no python3: take the one that the manual names."
        return 1
    fi
    exec python3 -I "$lib/first-boot.pyz"
}

case ${1:-now} in
now)
    install || exit 1
    needed || exit 0
    systemctl daemon-reload
    # A login on the console would write over what is shown there.
    systemctl --no-block stop getty@tty1.service
    systemctl --no-block start "$unit"
    ;;
later) install ;;
needed) needed ;;
run) run ;;
unit) unit ;;
*)
    echo "start.sh: no such word: $1" >&2
    exit 2
    ;;
esac
