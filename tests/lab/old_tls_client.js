// Every suite a server accepts in one version, seen by a client of 2014: what it picks is left out of the next offer.
// Words: port, method, SSL_OP_* bits. Prints the names of OpenSSL, one a line, in the order they were picked.
var tls = require('tls'), words = process.argv.slice(2), refused = [];
function next() {
  var options = {
    host: '127.0.0.1', port: Number(words[0]), secureProtocol: words[1], secureOptions: Number(words[2]),
    rejectUnauthorized: false, ciphers: ['ALL:COMPLEMENTOFALL'].concat(refused).join(':')
  };
  try {
    var client = tls.connect(options, function () {
      var name = client.getCipher().name;
      console.log(name);
      refused.push('!' + name);
      client.destroy();
      if (refused.length < 200) next();
    });
    client.on('error', function () {});
  } catch (nothing_left_to_offer) {}
}
next();
