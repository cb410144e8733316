// A language client whose server is a table of answers.
"use strict";

const state = { clients: [], answers: {}, failing: undefined };

class LanguageClient {
  constructor(id, name, server, options) {
    Object.assign(this, { id, name, server, options, running: false });
    state.clients.push(this);
  }
  async start() {
    if (state.failing) {
      throw state.failing;
    }
    this.running = true;
  }
  async stop() {
    this.running = false;
  }
  async sendRequest(method, params) {
    const answer = state.answers[method];
    if (!answer) {
      throw new Error(`the fake server has no answer to ${method}`);
    }
    return answer(params);
  }
}

module.exports = { LanguageClient, state };
