// The provider's SDK as it comes from npm, in the browser environment of jsdom.
"use strict";

const { createHmac } = require("node:crypto");
const { JSDOM } = require("jsdom");

// The SDK finds these where a browser has them. Its page is of another origin than the
// sandbox, so every request is subject to CORS.
const { window } = new JSDOM("", { url: "http://localhost:3000/" });
for (const name of ["XMLHttpRequest", "WebSocket", "localStorage", "FormData"]) {
  globalThis[name] = window[name];
}
globalThis.window = window;

const { Foundation, ComapiConfig } = require("@comapi/sdk-js-foundation");

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

// The app's own server would do this: it signs the identity of the person.
function sign(jwt, profile, nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: jwt.issuer, aud: jwt.audience, [jwt.claim]: profile, nonce, iat: now, exp: now + 600 };
  const text = encode({ alg: "HS256", typ: "JWT" }) + "." + encode(claims);
  return text + "." + createHmac("sha256", jwt.secret).update(text).digest("base64url");
}

// initialise makes the SDK of one person's app. Each app has a local storage of its own.
function initialise(sandbox, jwt, profile) {
  const config = new ComapiConfig()
    .withApiSpace("c924cf6e-0000-4000-8000-00000000000a")
    .withUrlBase(sandbox)
    .withWebSocketBase(sandbox.replace("http", "ws"))
    .withLocalStoragePrefix(profile + ".")
    .withAuthChallenge((challenge, answer) => answer(sign(jwt, profile, challenge.nonce)));
  return Foundation.initialise(config);
}

// A list of events in which one can wait for the next one that fits.
class Inbox {
  constructor() {
    this.events = [];
    this.arrived = () => {};
  }

  add(event) {
    this.events.push(event);
    this.arrived();
  }

  async next(fits) {
    for (;;) {
      const i = this.events.findIndex(fits);
      if (i >= 0) {
        return this.events.splice(i, 1)[0];
      }
      await new Promise((resolve) => { this.arrived = resolve; });
    }
  }
}

function must(holds, what) {
  if (!holds) {
    throw new Error(what);
  }
}

// run ends the process with 0 when main has succeeded.
function run(main) {
  main().then(() => process.exit(0), (error) => {
    console.error(error instanceof Error ? error.stack : JSON.stringify(error));
    process.exit(1);
  });
}

module.exports = { initialise, Inbox, must, run };
