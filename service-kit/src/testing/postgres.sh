# Keeps a throw-away PostgreSQL for as long as standard input is open. A test process that is killed cannot clean up
# after itself, but the kernel closes its end of the pipe whatever happens.
#
# Says in which folder the server's socket is, then does each `start` and `stop` it is told and says `done`. Anything
# else it says is why it could not.
set -eu

# Short, because the path of a socket has little more than 100 bytes.
folder=$(mktemp -d /tmp/postgres-XXXXXX)

# Nothing here has to outlive a power cut, so nothing waits for the disk. What is committed outlives a stop all the same:
# it was handed to the kernel, which synchronous_commit=off would not do.
options="-h '' -k $folder -p 5432 -c max_connections=300 -c fsync=off -c full_page_writes=off"

# A stop is as abrupt as an outage.
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
# Nobody may be left to hear an answer. That is an error like any other, not the end without an EXIT.
trap '' PIPE

echo "$folder"
initdb --pgdata="$folder/data" --username=postgres --auth=trust --no-locale --encoding=UTF8 --no-sync >"$folder/log" 2>&1
while read -r command; do
  control "$command"
  echo done
done
