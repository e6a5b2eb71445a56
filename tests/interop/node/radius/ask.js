// One RADIUS request by the npm package `radius`; prints the answer as JSON.
//   node ask.js SETTINGS   (JSON: dictionary, host, port, secret, code, attributes)
const dgram = require('dgram')
const radius = require('radius')

const told = JSON.parse(process.argv[2])
radius.add_dictionary(told.dictionary)
const request = { code: told.code, secret: told.secret, identifier: 7, attributes: told.attributes }
request.add_message_authenticator = told.code === 'Access-Request'
const packet = radius.encode(request)
const socket = dgram.createSocket('udp4')
const late = setTimeout(() => {
  console.log(JSON.stringify({ code: 'no answer' }))
  socket.close()
}, told.wait_ms)
socket.on('message', (data) => {
  clearTimeout(late)
  const answer = radius.decode({ packet: data, secret: told.secret })
  const genuine = radius.verify_response({ request: packet, response: data, secret: told.secret })
  console.log(JSON.stringify({ code: answer.code, genuine, attributes: answer.attributes }))
  socket.close()
})
socket.send(packet, 0, packet.length, told.port, told.host)
