#!/usr/bin/env python3
"""A clipmux agent in another language, written from docs/protocol.md alone, with nothing but Python's standard library.

    agent.py SOCKET TEXT-FILE

It offers one text as the clipboard, and asks for every text that the host copies. What happens is printed as JSON lines.
"""
import hashlib
import json
import os
import signal
import socket
import struct
import sys

TEXT = "text/plain;charset=utf-8"
JSON_FRAME, DATA_FRAME = 0, 1
DATA_CONTENT_MAX = 262144
WINDOW = 2097152
ERRORS = {"no-owner": 20, "type-unavailable": 23, "too-large": 24, "method-not-found": -32601}


def show(event, **details):
    print(json.dumps({"event": event, **details}), flush=True)


class Agent:
    def __init__(self, path, text):
        self.text = text
        self.owning = True  # until the host copies something else
        self.calls = {}  # id of our call: what to do with its answer
        self.receiving = {}  # transfer that we asked for: [size, sha256, received, not yet credited]
        self.sending = {}  # transfer that clipmuxd asked for: [rest of the content, credit]
        self.last_id = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")

    def send_frame(self, kind, payload):
        self.socket.sendall(struct.pack("<IB", len(payload), kind) + payload)

    def send(self, **message):
        self.send_frame(JSON_FRAME, json.dumps({"jsonrpc": "2.0", **message}).encode())

    def call(self, method, params, then):
        self.last_id += 1
        self.calls[self.last_id] = then
        self.send(id=self.last_id, method=method, params=params)

    def refuse(self, call_id, name):
        self.send(id=call_id, error={"code": ERRORS[name], "message": name, "data": {"name": name}})

    def run(self):
        hello = {"version": 1, "agent": {"name": "python-agent", "version": "1"}, "display": os.environ.get("DISPLAY", "")}
        hello.update(session=os.environ.get("XDG_SESSION_ID"), pid=os.getpid())
        self.call("session.hello", hello, self.welcome)
        while header := self.stream.read(5):
            length, kind = struct.unpack("<IB", header)
            payload = self.stream.read(length)
            if kind == DATA_FRAME:
                self.data(struct.unpack_from("<I", payload)[0], payload[4:])
                continue
            message = json.loads(payload)
            if "method" not in message:
                self.calls.pop(message["id"])(message)
            elif message["method"] == "session.end":
                return show("end", **message["params"])
            else:
                self.handle(message["method"], message.get("params", {}), message.get("id"))

    def welcome(self, answer):
        if "error" in answer:
            return show("refused", **answer["error"])
        show("hello", **answer["result"])
        self.send(method="selection.grab", params={"selection": "clipboard", "types": [TEXT], "seen": 0})

    def handle(self, method, params, call_id):
        if method == "ping":
            self.send(id=call_id, result={})
        elif method == "selection.grab":
            self.owning = self.owning and params["selection"] != "clipboard"
            show("grab", **params)
            if TEXT in params["types"]:
                self.request(params["selection"])
        elif method == "selection.request":
            self.answer(call_id, params)
        elif method == "transfer.credit" and params["transfer"] in self.sending:
            self.sending[params["transfer"]][1] += params["bytes"]
            self.send_content(params["transfer"])
        elif method == "transfer.cancel":
            self.sending.pop(params["transfer"], None)
        elif method == "transfer.abort" and self.receiving.pop(params["transfer"], None):
            show("aborted", transfer=params["transfer"], error=params["error"]["name"])
        elif call_id is not None:
            self.refuse(call_id, "method-not-found")

    def answer(self, call_id, params):
        if params["selection"] != "clipboard" or not self.owning:
            return self.refuse(call_id, "no-owner")
        if params["type"] != TEXT:
            return self.refuse(call_id, "type-unavailable")
        if len(self.text) > params.get("maxBytes", len(self.text)):
            return self.refuse(call_id, "too-large")
        self.send(id=call_id, result={"size": len(self.text), "type": TEXT})
        self.sending[params["transfer"]] = [memoryview(self.text), WINDOW]
        self.send_content(params["transfer"])

    def send_content(self, transfer):
        rest, credit = self.sending.pop(transfer)
        while rest and credit:
            piece = rest[: min(credit, DATA_CONTENT_MAX)]
            self.send_frame(DATA_FRAME, struct.pack("<I", transfer) + piece)
            rest, credit = rest[len(piece) :], credit - len(piece)
        if rest:
            self.sending[transfer] = [rest, credit]

    def request(self, selection):
        def answered(answer):
            if "error" in answer:
                return show("failed", selection=selection, error=answer["error"]["data"]["name"])
            self.receiving[transfer] = [answer["result"]["size"], hashlib.sha256(), 0, 0]
            self.data(transfer, b"")

        transfer = self.last_id + 1  # as our call ids, it counts up
        self.call("selection.request", {"selection": selection, "type": TEXT, "transfer": transfer}, answered)

    def data(self, transfer, piece):
        if transfer not in self.receiving:
            return
        state = self.receiving[transfer]
        state[1].update(piece)
        state[2] += len(piece)
        state[3] += len(piece)
        if state[2] == state[0]:
            del self.receiving[transfer]
            show("content", size=state[0], sha256=state[1].hexdigest())
        elif state[3] >= WINDOW // 4:
            self.send(method="transfer.credit", params={"transfer": transfer, "bytes": state[3]})
            state[3] = 0


agent = Agent(sys.argv[1], open(sys.argv[2], "rb").read())
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    agent.run()
except KeyboardInterrupt:
    agent.send(method="session.bye", params={"reason": "SIGTERM"})
