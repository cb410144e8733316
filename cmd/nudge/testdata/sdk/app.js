// A person's app, with the provider's SDK as it comes from npm, in the browser environment
// of jsdom. It tells what it sees, and ends with 0 when it has seen everything.
//
//	node app.js SANDBOX PROFILE ISSUER AUDIENCE SECRET CLAIM
"use strict";

const { createHmac } = require("node:crypto");
const { JSDOM } = require("jsdom");

const [sandbox, profile, issuer, audience, secret, claim] = process.argv.slice(2);

// The SDK finds these where a browser has them. Its page is of another origin than the
// sandbox, so every request is subject to CORS.
const { window } = new JSDOM("", { url: "http://app.example/" });
for (const name of ["XMLHttpRequest", "WebSocket", "localStorage", "FormData"]) {
  globalThis[name] = window[name];
}
globalThis.window = window;

const { Foundation, ComapiConfig } = require("@comapi/sdk-js-foundation");

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

// What the app's own server would do: sign who the person is.
function sign(nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, [claim]: profile, nonce, iat: now, exp: now + 600 };
  const text = encode({ alg: "HS256", typ: "JWT" }) + "." + encode(claims);
  return text + "." + createHmac("sha256", secret).update(text).digest("base64url");
}

// A list of what came over the websocket, in which one can wait for a message.
const came = [];
let arrived = () => {};

async function next() {
  while (came.length === 0) {
    await new Promise((resolve) => { arrived = resolve; });
  }
  return came.shift();
}

function textOf(parts) {
  return parts.map((part) => part.data).join(" ");
}

function must(holds, what) {
  if (!holds) {
    throw new Error(what);
  }
}

async function main() {
  const config = new ComapiConfig()
    .withApiSpace("c924cf6e-0000-4000-8000-00000000000a")
    .withUrlBase(sandbox)
    .withWebSocketBase(sandbox.replace("http", "ws"))
    .withAuthChallenge((challenge, answer) => answer(sign(challenge.nonce)));
  const sdk = await Foundation.initialise(config);

  const session = await sdk.startSession();
  console.log("session of", session.profileId);
  const app = sdk.services.appMessaging;
  sdk.on("conversationMessageEvent", (event) => {
    if (event.name === "conversationMessage.sent") {
      came.push(event);
      arrived();
    }
  });
  must(await app.enableSocket(), "the websocket did not open");

  const me = await sdk.services.profile.getMyProfile();
  must(me.id === profile, "the profile is " + JSON.stringify(me));

  const conversations = await app.getConversations();
  must(conversations.length === 1, "the conversations are " + JSON.stringify(conversations));
  const conversation = conversations[0];
  console.log("conversation", conversation.id, "named", conversation.name);

  const page = await app.getMessages(conversation.id, 10);
  must(page.messages.length === 1, "the messages are " + JSON.stringify(page));
  const first = page.messages[0];
  console.log("read", textOf(first.parts), "from", first.context.from.name);

  const read = { messageIds: [first.id], status: "read", timestamp: new Date().toISOString() };
  await app.sendMessageStatusUpdates(conversation.id, [read]);

  const second = await next();
  console.log("heard", textOf(second.payload.parts));

  await app.sendIsTyping(conversation.id);
  const reply = { metadata: {}, parts: [{ name: "body", type: "text/plain", data: "I have seen it", size: 14 }] };
  const sent = await app.sendMessageToConversation(conversation.id, reply);
  const mine = await next();
  must(mine.payload.messageId === sent.id && mine.conversationEventId === sent.eventId,
    "the reply came back as " + JSON.stringify(mine));

  const third = await next();
  console.log("heard", textOf(third.payload.parts));

  const all = await app.getMessages(conversation.id, 10);
  const read1 = all.messages.find((message) => message.id === first.id);
  must(all.messages.length === 4, "the messages are " + JSON.stringify(all));
  must(read1.statusUpdates[profile].status === "read", "the first message is " + JSON.stringify(read1));

  must(await sdk.endSession(), "the session did not end");
  console.log("done");
}

main().then(() => process.exit(0), (error) => {
  console.error(error instanceof Error ? error.stack : JSON.stringify(error));
  process.exit(1);
});
