"""A client as they were written for the first chat room: it reads with recv(1024) and takes each
read for one whole JSON object. It must keep working, so it is not to be made any better."""

import json
import os
import socket
import sys
import threading


def receive(connection):
    while True:
        received = connection.recv(1024)
        if not received:
            os._exit(0)
        answer = json.loads(received.decode())
        print(answer["msg"], end="\n" if not answer["msg"].endswith("\n") else "")


def main():
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    print(connection.recv(1024).decode())
    while True:
        nick = input()
        connection.send(json.dumps({"type": "login", "msg": nick}).encode())
        answer = json.loads(connection.recv(1024).decode())
        print(answer["msg"])
        if answer["success"]:
            break
    threading.Thread(target=receive, args=(connection,), daemon=True).start()
    for line in sys.stdin:
        line = line.rstrip("\n")
        if line.startswith("@"):
            nick, _, text = line[1:].partition(" ")
            request = {"type": "sendto", "nickname": nick, "msg": text}
        elif line in ("/ls", "/help", "/h", "/i"):
            kind = {"/ls": "ls", "/help": "help", "/h": "help", "/i": "ignore"}[line]
            request = {"type": kind, "msg": None}
        else:
            request = {"type": "broadcast", "msg": line}
        connection.send(json.dumps(request).encode())
    connection.close()


main()
