// Several people's apps in one order of events. It prints "done" and ends with 0 when all of
// them have seen what they must.
//
//	node orders.js SANDBOX ORDER ISSUER AUDIENCE SECRET CLAIM
"use strict";

const { ConversationBuilder } = require("@comapi/sdk-js-foundation");
const { initialise, Inbox, must, run } = require("./setup.js");

const [sandbox, order, issuer, audience, secret, claim] = process.argv.slice(2);

// Person is one person's app with everything that it hears.
class Person {
  static async start(name) {
    const p = new Person();
    p.name = name;
    p.sdk = await initialise(sandbox, { issuer, audience, secret, claim }, name);
    await p.sdk.startSession();
    p.app = p.sdk.services.appMessaging;
    p.inbox = new Inbox();
    for (const kind of ["conversationMessageEvent", "participantAdded", "participantRemoved",
      "participantTyping", "participantTypingOff", "WebsocketOpened"]) {
      p.sdk.on(kind, (event) => p.inbox.add({ kind, ...event }));
    }
    must(await p.app.enableSocket(), "the websocket of " + name + " did not open");
    await p.hears("WebsocketOpened");
    return p;
  }

  hears(kind, fits = () => true) {
    return this.inbox.next((event) => event.kind === kind && fits(event));
  }

  says(conversation, text) {
    return this.app.sendMessageToConversation(conversation, { metadata: {}, parts: [{ type: "text/plain", data: text, size: text.length }] });
  }

  hearsMessage(text) {
    return this.hears("conversationMessageEvent",
      (event) => event.name === "conversationMessage.sent" && event.payload.parts[0].data === text);
  }

  // pages are all messages from the newest page back to the first. The SDK takes token 0 for
  // the end, although event 0 is then still to come: so no page here may begin at event 1.
  async pages(conversation, size) {
    let all = [];
    for (let page = await this.app.getMessages(conversation, size); ;
      page = await this.app.getMessages(conversation, size, page.continuationToken)) {
      must(page.messages.length <= size, "a page of " + page.messages.length);
      all = page.messages.concat(all);
      if (page.continuationToken <= 0) {
        return all;
      }
    }
  }

  // events are all events from the first one forward.
  async events(conversation, size) {
    const all = [];
    for (;;) {
      const next = all.length === 0 ? 0 : all[all.length - 1].conversationEventId + 1;
      const page = await this.app.getConversationEvents(conversation, next, size);
      all.push(...page);
      if (page.length < size) {
        return all;
      }
    }
  }
}

function texts(messages) {
  return messages.map((message) => message.parts[0].data).sort().join(",");
}

async function create(owner, id, ...others) {
  const builder = new ConversationBuilder().withId(id).withName("Talk")
    .withOwnerPrivelages({ canAddParticipants: true, canRemoveParticipants: true, canSend: true })
    .withParticipantPrivelages({ canAddParticipants: false, canRemoveParticipants: false, canSend: true })
    .withUsers(others.map((p) => p.name));
  await owner.app.createConversation(builder);
}

const orders = {
  // Two people in one conversation: typing, and pages both ways.
  async two() {
    const [ann, bob] = [await Person.start("ann"), await Person.start("bob")];
    await create(ann, "talk", bob);
    const joined = [await bob.hears("participantAdded"), await bob.hears("participantAdded")];
    must(joined.map((event) => event.profileId).sort().join() === "ann,bob", "the participants are " + JSON.stringify(joined));
    await ann.app.sendIsTyping("talk");
    must((await bob.hears("participantTyping")).profileId === "ann", "somebody else types");
    await ann.app.sendIsTypingOff("talk");
    must((await bob.hears("participantTypingOff")).profileId === "ann", "somebody else stopped");
    await bob.app.sendIsTyping("talk");
    must((await ann.hears("participantTyping")).profileId === "bob", "somebody else types");
    const said = [];
    for (let i = 10; i < 35; i++) {
      const [from, to] = i % 2 === 0 ? [ann, bob] : [bob, ann];
      said.push("m" + i);
      await from.says("talk", "m" + i);
      const event = await to.hearsMessage("m" + i);
      await to.app.sendMessageStatusUpdates("talk",
        [{ messageIds: [event.payload.messageId], status: "read", timestamp: new Date().toISOString() }]);
    }
    for (const person of [ann, bob]) {
      const all = await person.pages("talk", 10);
      must(texts(all) === said.join(","), person.name + " pages " + texts(all));
      for (const message of all) {
        const reader = message.context.from.id === "ann" ? "bob" : "ann";
        must(message.statusUpdates[reader].status === "read", "unread: " + JSON.stringify(message));
      }
      const events = await person.events("talk", 10);
      must(events.every((event, i) => event.conversationEventId === i), "the events have gaps");
      const sent = events.filter((event) => event.name === "conversationMessage.sent");
      must(sent.map((event) => event.payload.parts[0].data).join() === said.join(), "events: " + JSON.stringify(sent));
    }
  },

  // Participants change while messages flow.
  async members() {
    const people = {};
    for (const name of ["ann", "bob", "eve"]) {
      people[name] = await Person.start(name);
    }
    const { ann, bob, eve } = people;
    await create(ann, "talk", bob);
    await ann.says("talk", "m1");
    await bob.hearsMessage("m1");
    await ann.app.addParticipantsToConversation("talk", [{ id: "eve", role: "participant" }]);
    for (const person of [ann, bob, eve]) {
      await person.hears("participantAdded", (event) => event.profileId === "eve");
    }
    await bob.says("talk", "m2");
    await eve.hearsMessage("m2");
    await ann.app.deleteParticipantsFromConversation("talk", ["bob"]);
    for (const person of [ann, bob, eve]) {
      await person.hears("participantRemoved", (event) => event.profileId === "bob");
    }
    await eve.says("talk", "m3");
    await ann.hearsMessage("m3");
    must(texts(await eve.pages("talk", 10)) === "m1,m2,m3", "eve does not see everything");
    await bob.says("talk", "m4").then(() => must(false, "bob still writes"), () => {});
    await ann.app.addParticipantsToConversation("talk", [{ id: "bob", role: "participant" }]);
    await bob.hears("participantAdded", (event) => event.profileId === "bob");
    await bob.says("talk", "m5");
    await eve.hearsMessage("m5");
    must(texts(await bob.pages("talk", 10)) === "m1,m2,m3,m5", "bob does not see everything");
    must(!bob.inbox.events.some((event) => event.name === "conversationMessage.sent" && event.payload.parts[0].data === "m3"),
      "bob heard a message while he was out");
  },

  // The sandbox restarts in the middle. The sessions stay, and the apps connect again.
  async restart() {
    const [ann, bob] = [await Person.start("ann"), await Person.start("bob")];
    await create(ann, "talk", bob);
    await ann.says("talk", "m1");
    await bob.hearsMessage("m1");
    const before = ann.sdk.session.id;
    console.log("restart");
    await new Promise((resolve) => { process.stdin.once("data", resolve); });
    await Promise.all([ann.hears("WebsocketOpened"), bob.hears("WebsocketOpened")]);
    await bob.says("talk", "m2");
    await ann.hearsMessage("m2");
    await ann.says("talk", "m3");
    await bob.hearsMessage("m3");
    must(ann.sdk.session.id === before, "ann has another session");
    must(texts(await bob.pages("talk", 10)) === "m1,m2,m3", "the messages are not all there");
  },
};

run(async () => {
  await orders[order]();
  console.log("done");
});
