"""The bot: does what the lines of its stdin say, and prints each event that the library reports.

usage: bot_program.py HOST PORT ROOM NICK

A line is the name of a method of the library's connection, a target, and a text: "privmsg #room hello".
"""

import queue
import sys
import threading

import irc.bot


class Bot(irc.bot.SingleServerIRCBot):
    def __init__(self, host, port, room, nick):
        super().__init__([(host, port)], nick, f"{nick} of the library irc")
        self._room = room
        self._typed = queue.Queue(maxsize=100)
        self.reactor.add_global_handler("all_events", self._report, -20)
        self.reactor.scheduler.execute_every(0.02, self._obey)
        threading.Thread(target=self._read, daemon=True).start()

    def on_welcome(self, connection, _event):
        connection.join(self._room)

    def _report(self, _connection, event):
        if event.type == "all_raw_messages":
            return
        said = " ".join(map(str, (event.type, event.source, event.target, *event.arguments)))
        print(said, flush=True)

    def _read(self):
        for line in sys.stdin:
            self._typed.put(line.rstrip("\n"))

    def _obey(self):
        while not self._typed.empty():
            verb, target, text = (self._typed.get() + "  ").split(" ", 2)
            connection = self.connection
            match verb:
                case "privmsg" | "action":
                    getattr(connection, verb)(target, text.strip())
                case "names" | "whois":
                    getattr(connection, verb)([target])
                case "quit":
                    connection.disconnect(f"{target} {text}".strip())
                    sys.exit(0)


if __name__ == "__main__":
    HOST, PORT, ROOM, NICK = sys.argv[1:]
    Bot(HOST, int(PORT), ROOM, NICK).start()
