#!/bin/bash
# FreeRADIUS 3.2 and rlm_sql: a value in a table that does not fit its attribute is wrapped or cut, and nothing is logged.
#
# One would guess: radreply rows `Session-Timeout := 5000000000`, `Idle-Timeout := -1` or a vendor's string of 260
# characters fail to parse, as `Session-Timeout := 200k` does, or at least leave a line in the log.
# What happens: the Accept carries 705032704 and 4294967295, and the first 247 bytes of the string (the last name of a list
# is cut in the middle). The server's own debug log shows the whole string, and no error or warning.
# Why it matters: a budget becomes another one, "minus one" becomes the largest, and a list of patterns that is cut after a
# `*` allows everything. Check where a person types: constraints on the tables.
set -euo pipefail

work=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
version=3.2.1+dfsg-4+deb12u1
apt-get -qq download "freeradius=$version" "freeradius-common=$version" "freeradius-config=$version" \
  "freeradius-utils=$version" "libfreeradius3=$version" libtalloc2 libsqlite3-0 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
talloc=$(find "$work/root" -name libtalloc.so.2 -printf '%h')
export LD_LIBRARY_PATH="$work/root/usr/lib/freeradius:$talloc"
radclient="root/usr/bin/radclient -d raddb -D root/usr/share/freeradius"
mkdir raddb
echo "\$INCLUDE $work/root/usr/share/freeradius/dictionary" > raddb/dictionary
printf 'VENDOR Example 99901\nBEGIN-VENDOR Example\nATTRIBUTE Example-List 1 string\nEND-VENDOR Example\n' >> raddb/dictionary
cat > raddb/radiusd.conf << 'END'
prefix = WORK/root/usr
libdir = WORK/root/usr/lib/freeradius
raddbdir = WORK/raddb
logdir = WORK
client here {
	ipaddr = 127.0.0.1
	secret = testing
}
modules {
	sql {
		driver = "rlm_sql_sqlite"
		dialect = "sqlite"
		sqlite {
			filename = WORK/users.sqlite
		}
		sql_user_name = "%{User-Name}"
		read_clients = no
		read_groups = no
		read_profiles = no
		authorize_reply_query = "SELECT id, username, attribute, value, op FROM radreply WHERE username = '%{SQL-User-Name}' ORDER BY id"
		pool {
			start = 1
			min = 1
			max = 1
			spare = 1
		}
	}
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = 28814
	}
	authorize {
		update control {
			&Auth-Type := Accept
		}
		sql
	}
}
END
sed -i "s|WORK|$work|" raddb/radiusd.conf
python3 - << 'END'
import sqlite3
with sqlite3.connect("users.sqlite") as rows:
    rows.execute("create table radreply (id integer, username text, attribute text, value text, op text)")
    for name, value in (("Session-Timeout", "5000000000"), ("Idle-Timeout", "-1"), ("Example-List", "x" * 260)):
        rows.execute("insert into radreply values (1, 'ann', ?, ?, ':=')", [name, value])
END

root/usr/sbin/freeradius -d raddb -D root/usr/share/freeradius -X > log 2>&1 &
server=$!
for _ in $(seq 100); do
  if grep -q 'Ready to process requests' log; then break; fi
  read -r -t 0.1 _ <> <(:) || true
done
grep -q 'Ready to process requests' log || { tail -5 log; echo 'the server did not start'; exit 2; }
root/usr/sbin/freeradius -v | sed -n 1p
seen=$(echo 'User-Name = ann, User-Password = pw' | $radclient -x 127.0.0.1:28814 auth testing | grep -E 'Timeout|List')
echo "$seen" | cut -c1-60
length=$(sed -n 's/.*Example-List = "\(x*\)"/\1/p' <<< "$seen" | tr -d '\n' | wc -c)
complaints=$(grep -c -i -E 'error|warn' <(sed -n '/Received Access-Request/,$p' log) || true)
echo "the string has $length bytes of 260; lines with an error or a warning: $complaints"
grep -q 'Session-Timeout = 705032704' <<< "$seen" && grep -q 'Idle-Timeout = 4294967295' <<< "$seen" \
  && [ "$length" = 247 ] && [ "$complaints" = 0 ]
