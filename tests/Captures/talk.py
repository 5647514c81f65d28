#!/usr/bin/env python3
"""An initiator of a few lines for make.sh, with nothing of iscsitop's in it: says what other clients do not say."""

import socket
import struct
import sys

TABLE = []
for value in range(256):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    TABLE.append(value)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


class Connection:
    def __init__(self, host, port, target, keys=(), isid=1, tsih=0, cid=0, name="iqn.2026-11.example.captures:talk"):
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.header_digest = self.data_digest = False
        self.itt, self.cmd_sn, self.exp_stat_sn = 1, 1, 0
        self.isid, self.cid, self.target_max = bytes([0x80, 0, 0, 0, 0, isid]), cid, 8192
        text = [f"InitiatorName={name}", f"TargetName={target}", "SessionType=Normal", *keys]
        self.send(0x43, 0x87, self.isid + struct.pack(">H", tsih), at20=struct.pack(">HH", cid, 0), data="".join(t + "\0" for t in text).encode())
        header, data = self.receive()
        self.status, self.tsih = header[36:38], struct.unpack(">H", header[14:16])[0]
        agreed = dict(pair.split("=", 1) for pair in data.decode().split("\0") if "=" in pair)
        self.header_digest = agreed.get("HeaderDigest", "None") == "CRC32C"
        self.data_digest = agreed.get("DataDigest", "None") == "CRC32C"
        self.target_max = int(agreed.get("MaxRecvDataSegmentLength", 8192))

    def send(self, opcode, flags, at8=bytes(8), at20=bytes(4), at32=b"", data=b"", itt=None, at2=b"\0\0"):
        header = struct.pack(">BB2sB3s8sI4sII", opcode, flags, at2, 0, len(data).to_bytes(3, "big"), at8,
                             self.itt if itt is None else itt, at20, self.cmd_sn, self.exp_stat_sn)
        if opcode & 0x3F == 5:
            header = header[:24] + bytes(4) + header[28:]
        elif not opcode & 0x40 and opcode != 0x10:
            self.cmd_sn += 1
        header += at32.ljust(16, b"\0")
        data += bytes(-len(data) % 4)
        self.socket.sendall(header + (crc32c(header) if self.header_digest else b"") + data + (crc32c(data) if self.data_digest and data else b""))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        header = self.exactly(48)
        if self.header_digest and self.exactly(4) != crc32c(header):
            sys.exit("a header digest is wrong")
        length = int.from_bytes(header[5:8], "big")
        data = self.exactly(length + -length % 4)
        if self.data_digest and data and self.exactly(4) != crc32c(data):
            sys.exit("a data digest is wrong")
        if header[0] != 0x31 and (header[0] != 0x25 or header[1] & 1) and struct.unpack(">I", header[16:20])[0] != 0xFFFFFFFF:
            self.exp_stat_sn = struct.unpack(">I", header[24:28])[0] + 1
        return header, data[:length]

    def command(self, cdb, read=0, write=b"", immediate=0, unsolicited=0, lun=0, segment=0):
        """Sends a command, data as it is asked for, and waits for its status, which it returns."""
        itt = self.itt
        segment = segment or self.target_max
        flags = 0x81 | (0x40 if read else 0) | (0x20 if write else 0)
        if unsolicited > immediate:
            flags &= 0x7F
        field = bytes([0, lun]) + bytes(6)
        self.send(0x01, flags, field, struct.pack(">I", read or len(write)), cdb, write[:immediate])
        self.itt += 1
        self.burst(itt, field, b"\xff\xff\xff\xff", write[:unsolicited], immediate, segment)
        while True:
            header, _ = self.receive()
            if struct.unpack(">I", header[16:20])[0] != itt:
                continue
            if header[0] == 0x21 or header[0] == 0x25 and header[1] & 1:
                return header[3]
            if header[0] == 0x31:
                offset, length = struct.unpack(">II", header[40:48])
                self.burst(itt, field, header[20:24], write[: offset + length], offset, segment)

    def burst(self, itt, field, ttt, data, offset, segment):
        number = 0
        while offset < len(data):
            part = data[offset : offset + segment]
            final = offset + len(part) == len(data)
            self.send(0x05, 0x80 if final else 0, field, ttt, struct.pack(">III", 0, number, offset), part, itt)
            offset += len(part)
            number += 1

    def simple(self, opcode, flags, **more):
        """Sends a PDU and returns the next one that answers its tag."""
        itt = self.itt
        self.send(opcode, flags, **more)
        self.itt += 1
        while True:
            header, data = self.receive()
            if header[0] == 0x3F or struct.unpack(">I", header[16:20])[0] == itt:
                return header, data

    def logout(self, reason=0):
        self.simple(0x46, 0x80 | reason, at20=struct.pack(">HH", self.cid, 0))
        try:
            self.receive()
        except EOFError:
            pass
        self.socket.close()


def read10(block, count):
    return struct.pack(">BBIBHB", 0x28, 0, block, 0, count, 0)


def write10(block, count):
    return struct.pack(">BBIBHB", 0x2A, 0, block, 0, count, 0)


def ready(c, lun=0):
    while c.command(bytes(6), lun=lun) != 0:  # the power-on unit attention
        pass


def writes(where):
    """Immediate, unsolicited and solicited data, in all mixtures, in segments of odd and even lengths."""
    for imm, r2t in (("Yes", "No"), ("No", "No"), ("Yes", "Yes"), ("No", "Yes")):
        c = Connection(*where, keys=[f"ImmediateData={imm}", f"InitialR2T={r2t}", "FirstBurstLength=1024", "MaxBurstLength=2048", "MaxOutstandingR2T=4"])
        ready(c)
        for blocks, segment in ((1, 512), (2, 700), (6, 1024)):
            data = bytes(blocks * 512)
            immediate = min(512, len(data)) if imm == "Yes" else 0
            unsolicited = min(1024, len(data)) if r2t == "No" else 0
            c.command(write10(8, blocks), write=data, immediate=immediate, unsolicited=max(immediate, unsolicited), segment=segment)
        c.command(struct.pack(">BBIBHB", 0x35, 0, 0, 0, 0, 0))
        c.logout()


def errors(where):
    """Sense data, residuals, a LUN that is not there, Rejects."""
    c = Connection(*where)
    c.command(bytes(6))
    ready(c)
    c.command(b"\x06".ljust(16, b"\0"))
    c.command(read10(0x7FFFFFFF, 1), read=512)
    c.command(bytes(6), lun=9)
    c.command(read10(0, 1), read=1024)
    c.command(read10(0, 2), read=512)
    c.command(b"\x12\0\0\0\xff\0", read=255)
    c.command(b"\x03\0\0\0\xff\0", read=255)
    c.command(write10(0, 2), write=bytes(512), immediate=512)
    c.simple(0x50, 0x80, at20=b"\0\0\0\1")  # a SNACK, at error recovery level 0
    c.simple(0x04, 0x80, data=b"SendTargets=\0", at20=b"\xff\xff\xff\xff")
    c.logout()


def tasks(where):
    """Each function of task management."""
    c = Connection(*where)
    ready(c)
    for function in (1, 2, 3, 4, 5, 6, 8):
        c.simple(0x42, 0x80 | function, at20=b"\0\0\0\1", at32=struct.pack(">II", c.cmd_sn, 0))
        ready(c)
    c.simple(0x42, 0x87, at20=b"\0\0\0\1")  # a cold reset ends the session


def nops(where):
    """Pings with and without data, and one that wants no answer."""
    c = Connection(*where)
    ready(c)
    for length in (0, 1, 4, 511):
        c.simple(0x40, 0x80, at20=b"\xff\xff\xff\xff", data=bytes(i & 255 for i in range(length)))
    c.simple(0x00, 0x80, at20=b"\xff\xff\xff\xff")
    c.send(0x40, 0x80, at20=b"\xff\xff\xff\xff", itt=0xFFFFFFFF)
    ready(c)
    c.logout()


def digests(where, keys):
    c = Connection(*where, keys=[*keys, "MaxRecvDataSegmentLength=1024", "FirstBurstLength=1024", "MaxBurstLength=2048", "InitialR2T=No", "ImmediateData=Yes"])
    ready(c)
    for blocks in (1, 3, 6):
        data = bytes((i * 7 + blocks) & 255 for i in range(blocks * 512))
        c.command(write10(16, blocks), write=data, immediate=512, unsolicited=min(1024, len(data)), segment=500)
        c.command(read10(16, blocks), read=len(data))
    c.command(read10(0x7FFFFFFF, 1), read=512)
    c.simple(0x40, 0x80, at20=b"\xff\xff\xff\xff", data=b"ping!")
    c.logout()


def header_digest(where):
    digests(where, ["HeaderDigest=CRC32C", "DataDigest=None"])


def both_digests(where):
    digests(where, ["HeaderDigest=CRC32C", "DataDigest=CRC32C"])


def connections(where):
    """A session of three connections (MC/S), commands on each in turn; one is logged out, then the session."""
    keys = ["MaxConnections=3"]
    all_of_it = [Connection(*where, keys=keys)]
    first = all_of_it[0]
    for cid in (1, 2):
        all_of_it.append(Connection(*where, keys=keys, tsih=first.tsih, cid=cid))
        all_of_it[-1].itt = cid << 16
    ready(first)
    for turn in range(9):
        c = all_of_it[turn % 3]
        c.cmd_sn = max(o.cmd_sn for o in all_of_it)
        c.command(read10(turn, 1), read=512)
    third = all_of_it[2]
    third.logout(reason=1)
    first.cmd_sn = max(o.cmd_sn for o in all_of_it)
    first.command(read10(0, 1), read=512)
    first.logout()


def reads(where, counts=(1, 2, 16, 5), lun=0):
    c = Connection(*where, keys=["MaxRecvDataSegmentLength=4096"])
    ready(c, lun)
    for blocks in counts:
        c.command(read10(0, blocks), read=blocks * 512, lun=lun)
    c.logout()


def units(where):
    for lun in (0, 1):
        reads(where, counts=(1, 8), lun=lun)


def reinstated(where):
    """A session whose place is taken by another of the same name and ISID."""
    first = Connection(*where)
    ready(first)
    second = Connection(*where)
    ready(second)
    second.logout()


if __name__ == "__main__":
    globals()[sys.argv[1]]((sys.argv[2], int(sys.argv[3]), sys.argv[4]))
