#!/bin/bash
# FreeRADIUS 3.2.1 and pyrad 2.6: require Message-Authenticator on both sides, and no answer ever arrives.
#
# One would guess: `require_message_authenticator = yes` at the server makes both directions signed, so that a client that
# asks for signed answers (pyrad's enforce_ma, the cure for Blast-RADIUS) is content.
# What happens: the server demands the attribute of requests and leaves it out of its own answers; pyrad drops each of them
# and says Timeout, as if no server were there. `update reply { &Message-Authenticator := 0x00 }` in post-auth (and in
# Post-Auth-Type REJECT) cures it.
# Why it matters: it looks like a network fault; nothing in either log names the attribute.
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
	require_message_authenticator = yes
}
modules {
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = 28815
	}
	authorize {
		update control {
			&Auth-Type := Accept
		}
	}
	post-auth {
		if (&User-Name == "signed") {
			update reply {
				&Message-Authenticator := 0x00
			}
		}
	}
}
END
sed -i "s|WORK|$work|" raddb/radiusd.conf

root/usr/sbin/freeradius -d raddb -D root/usr/share/freeradius -X > log 2>&1 &
server=$!
for _ in $(seq 100); do
  if grep -q 'Ready to process requests' log; then break; fi
  read -r -t 0.1 _ <> <(:) || true
done
grep -q 'Ready to process requests' log || { tail -5 log; echo 'the server did not start'; exit 2; }
root/usr/sbin/freeradius -v | sed -n 1p
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pyrad==2.6.0
printf 'ATTRIBUTE User-Name 1 string\nATTRIBUTE User-Password 2 octets\nATTRIBUTE Message-Authenticator 80 octets\n' > dictionary
cat > ask.py << 'END'
from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary

for enforce in (False, True):
    for user in ("ann", "signed"):
        client = Client("127.0.0.1", authport=28815, secret=b"testing", dict=Dictionary("dictionary"), timeout=2, retries=1, enforce_ma=enforce)
        request = client.CreateAuthPacket(code=1, User_Name=user)
        request["User-Password"] = request.PwCrypt("pw")
        request.add_message_authenticator()
        try:
            said = client.SendPacket(request).code
        except Timeout:
            said = "Timeout"
        print(f"enforce_ma={enforce} answer signed by hand={user == 'signed'}: {said}")
END
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i pyrad
seen=$(venv/bin/python ask.py)
echo "$seen"
sent=$(grep -c 'Sent Access-Accept' log)
echo "the server sent $sent Access-Accepts"
grep -q 'enforce_ma=False answer signed by hand=False: 2' <<< "$seen" && grep -q 'enforce_ma=True answer signed by hand=False: Timeout' <<< "$seen" \
  && grep -q 'enforce_ma=True answer signed by hand=True: 2' <<< "$seen"
