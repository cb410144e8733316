package simtest

// projectFile is the project, with hours and caps to be filled in.
const projectFile = `timezone: %s
accounts: { default: main, main: {}, second: {} }
categories:
  service: { always: true }
  orders: { %s }
  news: { %s }
profile: { plan: optional free | pro, name: optional string, rounds: optional number }
events:
  order: { id: string, total: number, due: optional time }
  back: { id: string, total: optional number }
  arrived: { id: string, total: optional number }
  ping: { id: string, total: optional number }
  gone: { id: string, total: number }
  looped: { items: optional number }
`

// innerFlow is called by others, and by events they emit.
const innerFlow = `flow: inner
trigger: [ { event: looped }, { event: ping, if: "profile.plan == \"pro\"" } ]
data: { why: optional string }
entry: { if_running: %s }
steps:
  - id: all_out
    %s: all
  - id: heard
    wait: [ { reply: any, then: [ { id: early, exit: short } ] }, { event: gone, key: any }, { after: %s } ]
  - id: told
    send: { template: hello, on_unknown: %s }
%s`

// deskFlow is only called: for somebody with a key, by which an event finds the run.
const deskFlow = `flow: desk
data: { why: optional string }
entry: { if_running: %s }
steps:
  - id: settling
    wait: [ { event: gone, key: event.id, then: [ { id: settled, exit: settled } ] }, { after: %s } ]
  - id: told_desk
    send: hello
`

// stopFlow hears replies before anybody else, or after all others.
const stopFlow = `flow: stop
trigger: { reply: any, if: 'reply.keyword in ["stop", "no idea"]', before_waits: %s }
steps:
  - id: away
    opt_out: orders
  - id: stopped
    send: hello
  - id: noise
    emit: { event: ping, data: { id: O1 } }
`

// reportFlow is for many at once, by the clock of a place and by each person's own.
const reportFlow = `flow: report
trigger:
  - { %s, timezone: %s, max_delay: %s, audience: { if: profile.plan == "pro" }%s }
  - { %s, timezone: local, max_delay: %s, audience: people.csv, if: "(data.total ?? 0) > 3" }
data: { total: optional number }
entry: { if_running: %s%s }
exit: [ { event: gone, key: any, as: gone }, { if: "profile.rounds > 20", as: many } ]
category: %s
steps:
  - send: hello
  - wait: [ { read: any }, { reply: any }, { event: ping, key: any }, { after: %s } ]
  - if: (data.total ?? 0) > 8
    send: { template: hello, max_delay: 2h }
`

// richTemplate is a message with all that can stand beside a body.
const richTemplate = `title: "Order {{ run.key }}"
body: "For {{ profile.id }}"
from: { id: shop, name: The Shop, avatar: "https://shop.example/logo.png" }
conversation: "orders of {{ profile.id }}"
rules: [appMessaging, sms, nativePush]
alert: { title: News, body: "For {{ profile.id }}" }
metadata: { key: "{{ run.key }}", round: 7 }
addresses: { phoneNumber: "+441234567890" }
customBody: { sms: { body: "For {{ profile.id }}" } }
overrides: { appMessaging: { conversation: { name: "Orders of {{ profile.id }}" } } }
requireOptIn: true
`

// partedTemplate is a message of several parts.
const partedTemplate = `parts:
  - { type: text/plain, data: "For {{ profile.id }}" }
  - { name: label, type: image/png, url: "https://shop.example/{{ profile.id }}.png", size: 2048, channels: [appMessaging] }
  - { name: order.bin, type: application/octet-stream, text: "{{ run.key }}" }
  - { type: text/plain, file: terms.txt }
  - json: { who: "{{ profile.id }}", n: 3 }
alert: { platforms: { apns: { badge: 1, alert: News }, fcm: { collapse_key: news } } }
`

// keptTemplate is a message whose text the provider keeps.
const keptTemplate = `templateId: order-shipped
channelOptions: { nativePush: { data: { isSilent: true } } }
ruleSet: urgent
`
