#!/bin/bash
# npm `radius` 1.1.4: a CoA, Disconnect or Accounting request that it signs is signed in another order than RFC 5176 says.
#
# One would guess: with `add_message_authenticator: true` a CoA-Request carries the HMAC over the packet with a Request
# Authenticator of 16 zeros (RFC 5176 3.5, RFC 3579 3.2 for what has no random one), and the Request Authenticator is made
# over that.
# What happens: the Request Authenticator is made first, over a Message-Authenticator of zeros, and the HMAC afterwards over
# it. The package verifies its own packets; a server that keeps to the RFC (FreeRADIUS with require_message_authenticator)
# drops them without a word, and so it looks like a wrong secret or a dead server.
# Why it matters: it is the only RADIUS library of its language in wide use, and its Access-Requests are accepted.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund radius@1.1.4 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > sign.js << 'END'
const crypto = require('crypto')
const radius = require('radius')
const secret = 'testing'
const attributes = [['Acct-Session-Id', 's1']]
const packet = radius.encode({ code: 'CoA-Request', secret, identifier: 1, attributes, add_message_authenticator: true })
const sent = packet.subarray(packet.length - 16)
const hmac = (authenticator) => {
  const copy = Buffer.from(packet)
  authenticator.copy(copy, 4)
  copy.fill(0, copy.length - 16)
  return crypto.createHmac('md5', secret).update(copy).digest()
}
const byTheRfc = hmac(Buffer.alloc(16)).equals(sent)
const overItsOwn = hmac(packet.subarray(4, 20)).equals(sent)
console.log(`HMAC over an authenticator of zeros, as RFC 5176 says: ${byTheRfc}`)
console.log(`HMAC over the finished authenticator: ${overItsOwn}`)
process.exit(!byTheRfc && overItsOwn ? 0 : 1)
END
node --version
npm ls radius | sed -n 2p
node --no-deprecation sign.js
