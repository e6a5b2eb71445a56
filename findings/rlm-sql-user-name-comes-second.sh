#!/bin/bash
# FreeRADIUS 3.2 and rlm_sql: in the first %{sql:…} of a request %{SQL-User-Name} is empty; from the second on it is there.
#
# One would guess: %{SQL-User-Name}, which every stock query uses, holds the user's name in a %{sql:SELECT …} too.
# What happens: the text of the query is expanded first, and only then does the module set the attribute. The first query
# of a request asks for the user '', the same query a second time for the right one. A module call (`sql` in authorize)
# sets it, and takes it away again at its end.
# Why it matters: `SELECT sum(…) WHERE username = '%{SQL-User-Name}'` is 0 or right depending on what stands before it.
# Use %{User-Name}: it is escaped there just the same.
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
		port = 28813
	}
	authorize {
		update control {
			&Auth-Type := Accept
		}
		update reply {
			&Reply-Message += "first '%{sql:SELECT 'user ' || '%{SQL-User-Name}'}'"
		}
		update reply {
			&Reply-Message += "second '%{sql:SELECT 'user ' || '%{SQL-User-Name}'}'"
		}
	}
}
END
sed -i "s|WORK|$work|" raddb/radiusd.conf
python3 -c "import sqlite3; sqlite3.connect('users.sqlite').execute('create table radreply (id integer, username text, attribute text, value text, op text)')"

root/usr/sbin/freeradius -d raddb -D root/usr/share/freeradius -X > log 2>&1 &
server=$!
for _ in $(seq 100); do
  if grep -q 'Ready to process requests' log; then break; fi
  read -r -t 0.1 _ <> <(:) || true
done
grep -q 'Ready to process requests' log || { tail -5 log; echo 'the server did not start'; exit 2; }
root/usr/sbin/freeradius -v | sed -n 1p
seen=$(echo 'User-Name = ann, User-Password = pw' | $radclient -x 127.0.0.1:28813 auth testing | grep Reply-Message)
echo "$seen"
grep -q "first 'user '" <<< "$seen" && grep -q "second 'user ann'" <<< "$seen"
