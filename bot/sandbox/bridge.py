"""Runs inside a fence, with nothing but the standard library: a port there, a socket to us.

``python -I -S bridge.py SOCKET PORT PROGRAM ARGUMENTS…`` listens on 127.0.0.1, carries each
connection to the socket, starts the program as its child and ends as that ends. Only the file is
shown inside; nothing of harness is imported.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys

PIECE = 65536
MAX_CONNECTIONS = 256
WAITING = 64


class End:
    """One side of a connection: what was read on the other side waits here to be written."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.waiting = b""
        self.read_ended = False
        self.write_ended = False
        self.other: End = self

    def wanted(self) -> int:
        """Reads only while the other side keeps up; writes only what is there."""
        reading = not self.read_ended and not self.other.waiting and not self.other.write_ended
        return (selectors.EVENT_READ if reading else 0) | (
            selectors.EVENT_WRITE if self.waiting else 0
        )

    @property
    def done(self) -> bool:
        return self.read_ended and self.write_ended


class Bridge:
    """All connections of one fence, in one thread without waiting."""

    def __init__(self, listener: socket.socket, path: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = listener
        self._path = path
        self._open: set[End] = set()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)

    def watch(self, number: int) -> None:
        """Wake up for this descriptor as well."""
        self._selector.register(number, selectors.EVENT_READ)

    def turn(self) -> list[int]:
        """Wait for something and do it; returns other descriptors that became readable."""
        others = []
        for key, events in self._selector.select():
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.data, End):
                self._move(key.data, events)
            elif isinstance(key.fileobj, int):
                others.append(key.fileobj)
        return others

    def _accept(self) -> None:
        try:
            near, _address = self._listener.accept()
        except OSError:
            return
        if len(self._open) >= 2 * MAX_CONNECTIONS:
            near.close()
            return
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self._path)
        except OSError:
            near.close()
            far.close()
            return
        first, second = End(near), End(far)
        first.other, second.other = second, first
        self._open |= {first, second}
        self._register(first)

    def _move(self, end: End, events: int) -> None:
        if end not in self._open:
            return
        try:
            if events & selectors.EVENT_WRITE:
                end.waiting = end.waiting[end.sock.send(end.waiting) :]
            if events & selectors.EVENT_READ:
                self._read(end)
        except BlockingIOError:
            pass
        except OSError:
            self._close(end)
            return
        self._finish(end.other)
        self._register(end)

    def _read(self, end: End) -> None:
        data = end.sock.recv(PIECE)
        end.other.waiting += data
        end.read_ended = not data

    def _finish(self, end: End) -> None:
        """Tell this side that no more will come, once everything was written."""
        for side in (end, end.other):
            if side.other.read_ended and not side.waiting and not side.write_ended:
                side.write_ended = True
                try:
                    side.sock.shutdown(socket.SHUT_WR)
                except OSError:
                    side.read_ended = True

    def _register(self, end: End) -> None:
        if end.done and end.other.done:
            self._close(end)
            return
        for side in (end, end.other):
            known = side.sock.fileno() in self._selector.get_map()
            events = side.wanted()
            if known and events:
                self._selector.modify(side.sock, events, side)
            elif known:
                self._selector.unregister(side.sock)
            elif events:
                self._selector.register(side.sock, events, side)

    def _close(self, end: End) -> None:
        for side in (end, end.other):
            self._open.discard(side)
            if side.sock.fileno() in self._selector.get_map():
                self._selector.unregister(side.sock)
            side.sock.close()


def main(path: str, port: str, *program: str) -> int:
    """The program's exit status; 128 and its number for a signal, as shells say it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(WAITING)
    bridge = Bridge(listener, path)
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    bridge.watch(woken)
    # Python ignores it for itself; the program shall not inherit that.
    environment = os.environ  # noqa: TID251  # the fence's own, made for the program
    child = os.posix_spawnp(
        program[0], program, environment, setsigdef=[signal.SIGPIPE, signal.SIGXFSZ]
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda given, _frame: _tell(child, given))
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if woken in bridge.turn():
            os.read(woken, 4096)


def _tell(child: int, number: int) -> None:
    try:
        os.kill(child, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
