// A person's app in a flow. It prints what it sees, and ends with 0 when it has seen everything.
//
//	node app.js SANDBOX PROFILE ISSUER AUDIENCE SECRET CLAIM
"use strict";

const { initialise, Inbox, must, run } = require("./setup.js");

const [sandbox, profile, issuer, audience, secret, claim] = process.argv.slice(2);

function textOf(parts) {
  return parts.map((part) => part.data).join(" ");
}

run(async () => {
  const sdk = await initialise(sandbox, { issuer, audience, secret, claim }, profile);
  const session = await sdk.startSession();
  console.log("session of", session.profileId);
  const app = sdk.services.appMessaging;
  const inbox = new Inbox();
  sdk.on("conversationMessageEvent", (event) => inbox.add(event));
  const next = () => inbox.next((event) => event.name === "conversationMessage.sent");
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
});
