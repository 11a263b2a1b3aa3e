# Runs a throw-away PostgreSQL while standard input is open. A test process that is killed cannot clean up, but the
# kernel closes its end of the pipe in any case.
#
# Prints the folder of the server's socket. Then reads commands, `start` and `stop`, and prints `done` after each. Any
# other output is the reason for a failure.
set -eu

# Short, because the path of a socket has little more than 100 bytes.
folder=$(mktemp -d /tmp/postgres-XXXXXX)

# No data here has to survive a power cut, so nothing waits for the disk. A commit survives a stop all the same, because
# the kernel has it; with synchronous_commit=off it would not. A benchmark sets FSYNC=on.
options="-h '' -k $folder -p 5432 -c max_connections=300 -c fsync=${FSYNC:-off} -c full_page_writes=${FSYNC:-off}"

# Stops as abruptly as an outage.
control() {
  pg_ctl "$1" --pgdata="$folder/data" --mode=immediate --timeout=60 --log="$folder/log" --options="$options" \
    >>"$folder/log" 2>&1
}

finish() {
  control stop || true
  [ "$1" = 0 ] || cat "$folder/log" || true
  rm -rf "$folder"
}
trap 'finish $?' EXIT
# When nobody reads the output any more, writing fails like any other command, so that the EXIT trap still runs.
trap '' PIPE

echo "$folder"
initdb --pgdata="$folder/data" --username=postgres --auth=trust --no-locale --encoding=UTF8 --no-sync >"$folder/log" 2>&1
while read -r command; do
  control "$command"
  echo done
done
