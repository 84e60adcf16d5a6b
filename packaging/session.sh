#!/bin/sh
# What a person does with an installed glmtray, within a session of its own: sees
# the window, sends a request to the demo, connects an agent and puts it back.
# packaging/try.sh runs it in a clean root, below dbus-run-session.
set -eu
cd "$(mktemp -d)"

# until CONDITION waits for what must come, a minute at most.
until_true() {
	tries=300
	until "$@"; do
		tries=$((tries - 1))
		if [ $tries = 0 ]; then
			echo "error: not within a minute: $*" >&2
			cat ./*.log >&2
			exit 1
		fi
		sleep 0.2
	done
}

# A new shell each: what it starts may print, and its password is no secret.
printf trial | gnome-keyring-daemon --unlock --components=secrets >keyring.log 2>&1

Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp 3>display 2>xvfb.log &
screen=$!
until_true test -s display
DISPLAY=:$(cat display)
export DISPLAY

mkdir -p ~/.claude
printf '{\n  "model": "opus", // mine\n  "env": {"EDITOR": "vi"}\n}\n' >~/.claude/settings.json
cp ~/.claude/settings.json before.json

glmtray app --addr 127.0.0.1:0 >app.log 2>app-errors.log &
app=$!
until_true grep -qs '^listening on ' app.log
url=$(sed -n 's/^listening on //p' app.log)
until_true xdotool search --onlyvisible --name '^glmtray' >windows.log
xprop -id "$(head -n 1 windows.log)" WM_CLASS WM_NAME

curl -fsS -D headers.log "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"glm-4.6","messages":[{"role":"user","content":"Hello"}]}' >answer.log
grep -i '^x-glmtray-route:' headers.log
grep -q '"content"' answer.log
glmtray status | head -n 3

glmtray keys add cerebras trial </dev/null >keys.log 2>&1 && exit 1 # an empty key is refused
glmtray connect claude-code --yes
if cmp -s ~/.claude/settings.json before.json; then
	echo 'error: connecting changed nothing' >&2
	exit 1
fi
glmtray restore
cmp ~/.claude/settings.json before.json

kill -TERM $app
wait $app
kill $screen
wait $screen || true
echo 'window shown, request served, agent connected and put back'
