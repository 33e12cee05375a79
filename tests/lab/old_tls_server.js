// A server of 2014 (Node 0.10, OpenSSL 1.0.1): SSLv2, SSLv3, TLS 1.0, EXPORT, DES, RC4.
// Words: address, port, PEM file (key and certificate), cipher string, and the SSL_OP_* bits of what is turned off.
// OpenSSL is driven by hand, for Node's own server closes before the alert of a refusal has left.
var crypto = require('crypto'), fs = require('fs'), net = require('net');
var Connection = process.binding('crypto').Connection;
var words = process.argv.slice(2), pem = fs.readFileSync(words[2]);
var credentials = crypto.createCredentials({key: pem, cert: pem, ciphers: words[3], secureOptions: Number(words[4])});

net.createServer(function (socket) {
  var connection = new Connection(credentials.context, true, false, false);
  function flush() {
    var buffer = new Buffer(16384), count;
    while ((count = connection.encOut(buffer, 0, buffer.length)) > 0) socket.write(buffer.slice(0, count));
  }
  var over = false;
  function proceed() {
    if (!connection.error) connection.start();
    over = Boolean(connection.error);
    // Nothing may be asked of a connection that still carries its error.
    connection.error = null;
    flush();
    if (over) socket.end();
  }
  connection.onhandshakestart = connection.onhandshakedone = connection.onnewsession = function () {};
  // No session is ever resumed; until that is said, the hello waits.
  connection.onclienthello = function () {
    process.nextTick(function () {
      connection.loadSession(null);
      proceed();
    });
  };
  socket.on('data', function (data) {
    if (over) return;
    connection.encIn(data, 0, data.length);
    proceed();
  });
  socket.on('error', function () {});
}).listen(Number(words[1]), words[0]);
