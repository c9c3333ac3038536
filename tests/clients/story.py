"""What happens to each client: who says what, and who must hear it.

Each step is told once it has been seen. A client is one of `others` for the others; `ana` chats with chatctl, in
chatd's own protocol.
"""

HISTORY = "früher gesagt: 早安 ☕"


class Story:
    def __init__(self, room, ana):
        self._room = room
        self._ana = ana
        self._here = []
        self.steps = 0

    def begin(self):
        """What is said before anybody else has come."""
        self._ana.say(self._room, HISTORY)
        self._ana.hears(self._ana.nick, HISTORY)

    def enters(self, client):
        client.hears(HISTORY)
        self._saw(f"{client.nick} joins and hears what was said before")
        self._ana.hears(self._room, client.nick, "has joined")
        self._saw(f"ana hears that {client.nick} has joined")
        for other in self._here:
            other.hears(client.nick, since=self._marks[other])
            self._saw(f"{other.nick} hears that {client.nick} has joined")
        self._here.append(client)
        self._take_marks()

    def is_logged_in(self, client):
        """Whether the others are told of the account."""
        mark = self._ana.mark()
        self._ana.ask_whois(client.nick)
        self._ana.hears(client.nick, f"account {client.nick}", since=mark)
        self._saw(f"{client.nick} has logged in to its account")

    def goes_through(self, client):
        """All that it does once everybody is here."""
        self._speaks(client)
        self._hears_a_long_text(client)
        self._whispers(client)
        self._asks(client)

    def leaves(self, client):
        self._here.remove(client)
        self._take_marks()
        mark = self._ana.mark()
        client.quit()
        self._ana.hears(client.nick, "gone", since=mark)
        self._saw(f"ana hears that {client.nick} has gone")
        for other in self._here:
            other.hears(client.nick, since=self._marks[other])
            self._saw(f"{other.nick} hears that {client.nick} has gone")
        client.wait_for_end()
        self._saw(f"{client.nick} ends")

    def _speaks(self, client):
        text = f"{client.nick} sagt: Grüße, Привет, 你好, 👋🏽"
        client.say(self._room, text)
        for other in self._others(client):
            other.hears(client.nick, text)
            self._saw(f"{other.nick} hears {client.nick} in the room")
        text = f"für {client.nick}: ½ ł こんにちは 🎉"
        self._ana.say(self._room, text)
        client.hears("ana", text)
        self._saw(f"{client.nick} hears ana in the room")
        text = f"winkt mit 🏳 für {client.nick}"
        client.act(self._room, text)
        for other in self._others(client):
            other.hears(client.nick, text)
            self._saw(f"{other.nick} sees what {client.nick} does")

    def _hears_a_long_text(self, client):
        """Longer than a line of IRC: it comes as several, of which none ends within a character."""
        cups, mark = 700, client.mark()
        self._ana.say(self._room, "☕" * cups)
        client.wait_for("all cups", lambda: sum(line.count("☕") for line in client.news(mark)) >= cups)
        news = "".join(client.news(mark))
        if news.count("☕") != cups or "\N{REPLACEMENT CHARACTER}" in news:
            raise AssertionError(f"{client.nick} did not hear {cups} cups, each whole: {news}")
        self._saw(f"{client.nick} hears a long text in several lines")

    def _whispers(self, client):
        for other in self._others(client):
            text = f"nur für {other.nick}, von {client.nick}: 🤫"
            client.tell(other.nick, text)
            other.hears(client.nick, text)
            self._saw(f"{other.nick} hears {client.nick} in private")
        text = f"Antwort für {client.nick}: 是"
        self._ana.tell(client.nick, text)
        client.hears("ana", text)
        self._saw(f"{client.nick} hears ana in private")

    def _asks(self, client):
        mark = client.mark()
        client.ask_names(self._room)
        everybody = ["ana", *(it.nick for it in self._here)]
        client.wait_for(
            "all names", lambda: all(nick in "".join(client.news(mark)) for nick in everybody)
        )
        self._saw(f"{client.nick} sees all {len(everybody)} names")
        for other in self._others(client):
            mark = client.mark()
            client.ask_whois(other.nick)
            client.hears(other.nick, "localhost", since=mark)
            client.hears(self._room, since=mark)  # some tell it in a line of its own
            self._saw(f"{client.nick} learns who {other.nick} is, and where")
        mark = self._ana.mark()
        self._ana.ask_whois(client.nick)
        self._ana.hears(client.nick, f": in {self._room}", since=mark)
        self._saw(f"ana learns where {client.nick} is")

    def _others(self, client):
        return [self._ana, *(it for it in self._here if it is not client)]

    def _take_marks(self):
        self._marks = {it: it.mark() for it in self._here}

    def _saw(self, what):
        self.steps += 1
        print(f"ok {self.steps:>3}  {what}", flush=True)
