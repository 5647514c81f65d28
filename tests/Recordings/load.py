#!/usr/bin/env python3
"""Hosts with habits of their own and troubles of all sorts, for make.sh: what a screen has to show."""

import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Captures"))
import talk  # noqa: E402
from talk import read10, write10  # noqa: E402

SECONDS = 24
FAST = "127.0.0.10", 3260, "iqn.2026-01.com.example:storage.fast"
ARCHIVE = "127.0.0.11", 3260, "iqn.2026-01.com.example:storage.archive"
BIG = ["MaxRecvDataSegmentLength=65536", "ImmediateData=Yes", "InitialR2T=No", "FirstBurstLength=65536"]
begin = time.monotonic()
connect = socket.create_connection


def now():
    return time.monotonic() - begin


def until(seconds):
    while now() < seconds:
        time.sleep(min(0.05, max(0.001, seconds - now())))


class Host(talk.Connection):
    """An initiator at an address of its own, which answers pings."""

    def __init__(self, where, name, number, keys=BIG, isid=1, **more):
        with lock:
            socket.create_connection = lambda address: connect(address, source_address=(f"127.0.0.{number}", 0))
            super().__init__(*where, keys=keys, isid=isid, name=f"iqn.2026-01.com.example:{name}", **more)

    def receive(self):
        while True:
            header, data = super().receive()
            if header[0] != 0x20 or header[20:24] == b"\xff\xff\xff\xff":
                return header, data
            self.send(0x40, 0x80, header[8:16], header[20:24], itt=0xFFFFFFFF)

    def begin(self, cdb, read=0, write=b"", lun=0):
        """Sends a command, all of its data with it, and does not wait."""
        flags = 0x81 | (0x40 if read else 0) | (0x20 if write else 0)
        immediate = write[: self.target_max]
        self.send(0x01, flags, bytes([0, lun]) + bytes(6), struct.pack(">I", read or len(write)), cdb, immediate)
        self.itt += 1

    def idle(self, seconds):
        """Does nothing but ping until then."""
        while now() < seconds:
            self.simple(0x40, 0x80, at20=b"\xff\xff\xff\xff")
            time.sleep(0.5)

    def finish(self, commands):
        while commands:
            header, _ = self.receive()
            if header[0] == 0x21 or header[0] == 0x25 and header[1] & 1:
                commands -= 1


lock = threading.Lock()


def oltp(number, lun, rate, misaligned=0):
    c = Host(FAST, f"oltp-{number:02}", 20 + number, isid=number)
    talk.ready(c, lun)
    chance = random.Random(number)
    turn = 0
    while now() < SECONDS - 1:
        turn += 1
        for i in range(8):
            block = chance.randrange(0, 15000) * 8 + misaligned
            if i < 6:
                c.begin(read10(block, 8), read=4096, lun=lun)
            else:
                c.begin(write10(block, 16), write=bytes(8192), lun=lun)
        c.finish(8)
        if turn % 20 == 0:
            c.command(bytes.fromhex("35000000000000000000"), lun=lun)
        if turn % 50 == 0:
            c.command(bytes(6), lun=lun)
        if turn % 40 == 0:
            c.simple(0x40, 0x80, at20=b"\xff\xff\xff\xff")
        if turn % 30 == 0:
            c.command(read10(0x7FFFFFFF, 1), read=512, lun=lun)
        time.sleep(1 / rate)
    c.logout()


def backup():
    """Long sequential reads of a slow disk, with digests."""
    c = Host(ARCHIVE, "backup", 40, keys=[*BIG, "HeaderDigest=CRC32C"], isid=4)
    talk.ready(c)
    block = 0
    while now() < SECONDS - 1:
        for _ in range(4):
            c.begin(b"\x88\0" + struct.pack(">QIH", block, 128, 0), read=65536)
            block = (block + 128) % 200000
        c.finish(4)
        if block % 8192 == 0:
            c.command(b"\x12\x01\xcf\0\xff\0", read=255)
        time.sleep(0.02)
    c.logout()


def writer():
    """Writes whose data comes late: the host is what they wait for. From the sixth second on somebody else has reserved the disk."""
    c = Host(FAST, "vm-farm", 50, keys=["ImmediateData=No", "InitialR2T=Yes", "MaxBurstLength=8192"], isid=5)
    talk.ready(c, 1)
    burst = c.burst

    def late(*what):
        time.sleep(0.004)
        burst(*what)

    turn = 0
    while now() < SECONDS - 1:
        turn += 1
        c.burst = late if turn % 3 else burst
        c.command(write10(turn % 1000 * 32, 32), write=bytes(16384), lun=1)
        time.sleep(0.01)
    c.logout()


def reserver():
    c = Host(FAST, "cluster-a", 60, isid=6)
    talk.ready(c, 1)
    c.idle(6)
    c.command(b"\x5f\0\0\0\0\0\0\0\x18\0", write=bytes(8) + b"\0\0\0\0\0\0\xab\xcd" + bytes(8), immediate=24, lun=1)
    c.command(b"\x5f\1\5\0\0\0\0\0\x18\0", write=b"\0\0\0\0\0\0\xab\xcd" + bytes(16), immediate=24, lun=1)
    while now() < SECONDS - 1:
        c.command(read10(8, 8), read=4096, lun=1)
        time.sleep(0.1)
    c.logout()


def impatient():
    """Requests of task management while commands are under way on a slow disk."""
    c = Host(FAST, "vm-farm-2", 51, isid=7)
    talk.ready(c, 2)
    lun = b"\0\2" + bytes(6)
    for function in (1, 1, 5, 2, 1, 5, 1, 1):
        for i in range(3):
            c.begin(read10(i * 8, 8), read=4096, lun=2)
        time.sleep(0.15)
        c.simple(0x42, 0x80 | function, at8=lun, at20=struct.pack(">I", c.itt - 1), at32=struct.pack(">II", c.cmd_sn - 1, 0))
        time.sleep(0.6)
        c.simple(0x40, 0x80, at20=b"\xff\xff\xff\xff")
        time.sleep(1.4)
    c.logout()


def lost():
    """Goes away with commands under way, comes again, and logs out at last."""
    c = Host(FAST, "laptop", 70, isid=8)
    talk.ready(c, 2)
    c.idle(8)
    for i in range(3):
        c.begin(read10(i * 8, 8), read=4096, lun=2)
    time.sleep(0.1)
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.socket.close()
    until(10)
    c = Host(FAST, "laptop", 70, isid=8)
    talk.ready(c)
    c.simple(0x50, 0x80, at20=b"\0\0\0\1")  # a SNACK, at error recovery level 0
    c.idle(16)
    c.logout()


def silent():
    """Answers no ping."""
    until(5)
    c = Host(ARCHIVE, "sleeper", 71, isid=9)
    until(SECONDS)
    c.socket.close()


def refused():
    while now() < SECONDS - 2:
        until(now() + 3)
        try:
            with lock:
                socket.create_connection = lambda address: connect(address, source_address=("127.0.0.80", 0))
                talk.Connection(FAST[0], FAST[1], FAST[2] + ".old", name="iqn.2026-01.com.example:forgotten")
        except EOFError:
            pass


def trimmer():
    c = Host(FAST, "cluster-b", 61, isid=10)
    talk.ready(c, 3)
    while now() < SECONDS - 1:
        for block in range(0, 1024, 64):
            c.command(write10(block, 64), write=bytes(32768), immediate=min(32768, c.target_max), unsolicited=32768, lun=3)
        c.command(bytes.fromhex("42000000000000001800"), write=struct.pack(">HHIQII", 22, 16, 0, 0, 1024, 0), immediate=24, lun=3)
        time.sleep(0.25)
    c.logout()


work = [(oltp, 1, 0, 40), (oltp, 2, 1, 25, 3), (oltp, 3, 0, 4), (backup,), (writer,), (reserver,), (impatient,), (lost,), (silent,), (refused,), (trimmer,)]
failed = []


def run(what, *args):
    try:
        what(*args)
    except Exception as e:  # noqa: BLE001
        failed.append(f"{what.__name__}: {e!r}")


threads = [threading.Thread(target=run, args=w) for w in work]
for t in threads:
    t.start()
for t in threads:
    t.join()
time.sleep(1)
for line in failed:
    print(line)
