# What "make" means here: build as yourself, install as root. Everything else is cargo's.
#   make && sudo make install PREFIX=/usr/local
# scripts/install says what goes where; scripts/test runs all checks.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
# Where the built binaries are.
BUILD ?= target/release

export PREFIX SYSCONFDIR DESTDIR BUILD

all:
	cargo build --release --locked

install uninstall purge:
	@scripts/install $@

.PHONY: all install uninstall purge
