#!/bin/bash
# FreeRADIUS 3.2: a negative number out of %{expr:…} is more than 0.
#
# One would guess: `if ("%{expr:1 - 2}" <= 0)` is true, since the expansion gives -1 and the other side is a number.
# What happens: the sides are compared as unsigned 32-bit numbers; -1 is 4294967295, and the condition is false.
# Why it matters: "is the account past its last day", written as a difference, lets everybody in for ever. Compare the two
# numbers themselves (`"%{expr:1}" < 2`), or an attribute of type date with `"%l"`.
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
cat > raddb/radiusd.conf << END
prefix = $work/root/usr
libdir = $work/root/usr/lib/freeradius
raddbdir = $work/raddb
logdir = $work
client here {
	ipaddr = 127.0.0.1
	secret = testing
}
modules {
	expr {
	}
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = 28812
	}
	authorize {
		update control {
			&Auth-Type := Accept
		}
		update reply {
			&Reply-Message += "value %{expr:1 - 2}"
		}
		if ("%{expr:1 - 2}" <= 0) {
			update reply {
				&Reply-Message += "not more than 0"
			}
		}
		if ("%{expr:1 - 2}" > 0) {
			update reply {
				&Reply-Message += "more than 0"
			}
		}
	}
}
END

root/usr/sbin/freeradius -d raddb -D root/usr/share/freeradius -X > log 2>&1 &
server=$!
for _ in $(seq 100); do
  if grep -q 'Ready to process requests' log; then break; fi
  read -r -t 0.1 _ <> <(:) || true
done
grep -q 'Ready to process requests' log || { tail -5 log; echo 'the server did not start'; exit 2; }
root/usr/sbin/freeradius -v | sed -n 1p
seen=$(echo 'User-Name = ann, User-Password = pw' | $radclient -x 127.0.0.1:28812 auth testing | grep Reply-Message)
echo "$seen"
grep -q '"value -1"' <<< "$seen" && grep -q '"more than 0"' <<< "$seen" && ! grep -q 'not more' <<< "$seen"
