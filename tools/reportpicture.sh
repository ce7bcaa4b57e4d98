#!/usr/bin/env bash
# Makes docs/report.webp, the picture of report.html in the README: 9,000 invented rows meet a
# simulated API with moods, and a pause. It needs redis-server and chromium, and takes four minutes.
#
#	make picture
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in redis-server chromium; do
	command -v "$tool" >/dev/null || { echo "reportpicture: $tool is not installed (apt-get install $tool)" >&2; exit 1; }
done

dir=$(mktemp -d)
started=()
finish() {
	for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
	rm -rf "$dir"
}
trap finish EXIT
export SUNBULK_REDIS=redis://127.0.0.1:7654 SUNBULK_TOKEN=any SUNBULK_APP=5e4af71a81966cfff3ef6550
api=http://127.0.0.1:8097

redis-server --port 7654 --bind 127.0.0.1 --dir "$dir" --appendonly yes --appendfsync always >"$dir/redis.log" & started+=($!)
./sunbulk simulate --listen "${api#http://}" --latency-min 20ms --latency-max 150ms --share-503 0.01 --share-429 0.0005 \
	--on-duplicate conflict 2>"$dir/simulate.log" & started+=($!)
sleep 1
./sunbulk worker --base-url "$api" 2>"$dir/worker.log" & started+=($!)

# Two rows in a hundred name no user, fewer no conversation, and a few have no valid number.
awk 'function id(n,  s) { s = ""; while (n--) s = s sprintf("%x", int(rand() * 16)); return s }
BEGIN {
	srand(2026); print "op,user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId"
	for (i = 0; i < 9000; i++)
		printf "create,%s,whatsapp,5f1a0c52d8b7e4000c3a9e02,%s212555%04d,immediate,%s\n", (rand() < 0.02 ? "unknown-" : "") id(24),
			(rand() < 0.003 ? "" : "+1"), 100 + i % 100, (rand() < 0.006 ? "unknown-" : "") id(24)
}' >"$dir/whatsapp-wave-3.csv"

mood() { curl -fsS -X PUT "$api/_sim/knobs" -d "$1" >/dev/null; }
job=$(./sunbulk enqueue "$dir/whatsapp-wave-3.csv" --rate 80 --reserve 10% || test $? -eq 3)
sleep 25
./sunbulk pause "$job" --reason 'vendor maintenance'
sleep 12
./sunbulk resume "$job" --reason 'maintenance is over'
sleep 25
mood '{"rateLimit": 40, "burst": 8}' # the API takes less for a while
sleep 20
mood '{"rateLimit": 0}'
until ./sunbulk status "$job" --json 2>/dev/null | grep -q '"state": "finished"'; do sleep 2; done
./sunbulk report "$job" --out "$dir/report" || test $? -eq 3
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$dir/chromium" --blink-settings=preferredColorScheme=1 \
	--window-size=1000,1720 --screenshot=docs/report.webp "file://$dir/report/report.html" 2>"$dir/chromium.log"
ls -l docs/report.webp
