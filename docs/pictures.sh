#!/bin/sh
# Makes docs/screen.svg, the picture of the README: the demo in a terminal of 120 columns and 28 lines, saved with the key w.
# It needs tmux and a built iscsitop; ISCSITOP names another binary, or a command.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
iscsitop=${ISCSITOP:-iscsitop}
session=iscsitop-pictures-$$
work=$(mktemp -d)
trap 'tmux kill-session -t "$session" 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

tmux new-session -d -s "$session" -x 120 -y 28 "cd '$work' && LC_ALL=C.UTF-8 COLORTERM=truecolor TERM=xterm-256color $iscsitop demo"
await() { # TEXT: waits until it is on the screen
    for _ in $(seq 300); do
        if tmux capture-pane -p -t "$session" | grep -q "$1"; then return; fi
        sleep 0.1
    done
    echo "pictures.sh: '$1' did not come:" >&2
    tmux capture-pane -p -t "$session" >&2
    exit 1
}
await 'LUN NAME'
sleep "${SECONDS_OF_LOAD:-12}"
tmux send-keys -t "$session" Down
tmux send-keys -t "$session" w
await 'save to'
tmux send-keys -t "$session" C-u
tmux send-keys -t "$session" -l screen.svg
tmux send-keys -t "$session" Enter
await 'saved screen.svg'
if [ -n "${PNG:-}" ]; then
    tmux send-keys -t "$session" w
    await 'save to'
    tmux send-keys -t "$session" C-u
    tmux send-keys -t "$session" -l screen.png
    tmux send-keys -t "$session" Enter
    await 'saved screen.png'
    cp "$work/screen.png" "$PNG"
fi
tmux send-keys -t "$session" q
cp "$work/screen.svg" "$here/screen.svg"
chmod 644 "$here/screen.svg"
