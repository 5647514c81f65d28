using System.Buffers.Binary;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

/// <summary>Composes PDUs as events: what a script of a conversation is written with.</summary>
internal static class Events
{
    public const byte Read10 = 0x28;
    public const byte Write10 = 0x2a;
    public const uint NoTtt = 0xffffffff;

    public static ProbeEvent Of(Opcode opcode, long time, uint connection, ulong lun, uint itt, byte flags = BhsFlags.Final, int length = 0)
    {
        ProbeEvent e = default;
        e.Time = time;
        e.Connection = connection;
        e.LunNumber = lun;
        e.Target = 2;
        e.Initiator = 3;
        e.Probe = Pdu.Row(opcode).Probe;
        Span<byte> header = e.Header;
        header[0] = (byte)opcode;
        header[1] = flags;
        header[5] = (byte)(length >> 16);
        header[6] = (byte)(length >> 8);
        header[7] = (byte)length;
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], itt);
        return e;
    }

    public static void Put(ref ProbeEvent e, int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(((Span<byte>)e.Header)[offset..], value);

    public static ProbeEvent Command(long time, uint connection, ulong lun, uint itt, byte opcode, uint expected, int immediate = 0)
    {
        ProbeEvent e = Of(Opcode.ScsiCommand, time, connection, lun, itt, BhsFlags.Final, immediate);
        Put(ref e, 20, expected);
        Put(ref e, 24, itt + 1000);
        e.Header[32] = opcode;
        return e;
    }

    public static ProbeEvent DataIn(long time, uint connection, ulong lun, uint itt, int length, byte flags, uint offset = 0, uint residual = 0)
    {
        ProbeEvent e = Of(Opcode.DataIn, time, connection, lun, itt, flags, length);
        Put(ref e, 20, NoTtt);
        Put(ref e, 40, offset);
        Put(ref e, 44, residual);
        return e;
    }

    public static ProbeEvent Response(long time, uint connection, ulong lun, uint itt, ScsiStatus status = ScsiStatus.Good, byte flags = 0x80, uint residual = 0)
    {
        ProbeEvent e = Of(Opcode.ScsiResponse, time, connection, lun, itt, flags);
        e.Header[3] = (byte)status;
        Put(ref e, 44, residual);
        return e;
    }
}

/// <summary>A conversation written line by line, taken in by a correlator. Times are µs.</summary>
internal sealed class Script
{
    public CellTable Cells { get; } = new();
    public UnitTable Units { get; } = new();
    public Correlator Correlator { get; }
    public List<CompletedCommand> Done { get; } = [];
    public List<string> Xfers { get; } = [];
    public long Now { get; private set; }
    public uint Connection { get; set; } = 1;
    public ulong Lun { get; set; }

    public Script(int maxTasks = 65536)
    {
        Correlator = new Correlator(Cells, Units)
        {
            MaxTasks = maxTasks,
            OnCommand = (in CompletedCommand c) => Done.Add(c),
            OnXfer = (in ProbeEvent e) =>
            {
                ProbeEvent copy = e;
                ProbeEvent.XferView x = copy.Xfer;
                Xfers.Add($"{e.Time / 1000} {e.Probe.Name()} {(x.Write ? "W" : "R")} {x.Offset}+{x.Length} #{x.Id}");
            },
        };
    }

    public CompletedCommand Last => Done[^1];

    public Cell TheCell => Cells.All.Single().Cell;

    public Script At(long us)
    {
        Now = us * 1000;
        return this;
    }

    public Script Command(uint itt, byte opcode, uint expected, int immediate = 0) => Fire(Events.Command(Now, Connection, Lun, itt, opcode, expected, immediate));

    /// <summary>A read whose CmdSN is not the one its tag stands for.</summary>
    public Script ReadNumbered(uint itt, uint cmdSn)
    {
        ProbeEvent e = Events.Command(Now, Connection, Lun, itt, Events.Read10, 512);
        Events.Put(ref e, 24, cmdSn);
        return Fire(e);
    }

    public Script Read(uint itt, uint expected) => Command(itt, Events.Read10, expected);

    public Script Write(uint itt, uint expected, int immediate = 0) => Command(itt, Events.Write10, expected, immediate);

    public Script DataIn(uint itt, int length, byte flags = 0, uint offset = 0, uint residual = 0, ScsiStatus status = ScsiStatus.Good)
    {
        ProbeEvent e = Events.DataIn(Now, Connection, Lun, itt, length, flags, offset, residual);
        e.Header[3] = (byte)status;
        return Fire(e);
    }

    public Script R2t(uint itt, uint ttt, uint offset, uint length)
    {
        ProbeEvent e = Events.Of(Opcode.ReadyToTransfer, Now, Connection, Lun, itt);
        Events.Put(ref e, 20, ttt);
        Events.Put(ref e, 40, offset);
        Events.Put(ref e, 44, length);
        return Fire(e);
    }

    public Script DataOut(uint itt, uint ttt, int length, bool final = true, uint offset = 0)
    {
        ProbeEvent e = Events.Of(Opcode.DataOut, Now, Connection, Lun, itt, final ? BhsFlags.Final : (byte)0, length);
        Events.Put(ref e, 20, ttt);
        Events.Put(ref e, 40, offset);
        return Fire(e);
    }

    public Script Response(uint itt, ScsiStatus status = ScsiStatus.Good, byte flags = 0x80, uint residual = 0, string sense = "", byte response = 0)
    {
        ProbeEvent e = Events.Response(Now, Connection, Lun, itt, status, flags, residual);
        e.Header[2] = response;
        byte[] tail = Convert.FromHexString(sense);
        tail.CopyTo((Span<byte>)e.Tail);
        e.TailLength = (byte)tail.Length;
        return Fire(e);
    }

    public Script Manage(uint itt, TaskFunction function, uint referenced = Events.NoTtt)
    {
        ProbeEvent e = Events.Of(Opcode.TaskManagementRequest, Now, Connection, Lun, itt, (byte)(0x80 | (byte)function));
        Events.Put(ref e, 20, referenced);
        return Fire(e);
    }

    public Script Managed(uint itt, TaskFunctionResponse response = TaskFunctionResponse.Complete)
    {
        ProbeEvent e = Events.Of(Opcode.TaskManagementResponse, Now, Connection, Lun, itt);
        e.Header[2] = (byte)response;
        return Fire(e);
    }

    public Script Logout(uint itt)
    {
        Fire(Events.Of(Opcode.LogoutRequest, Now, Connection, Lun, itt));
        return Fire(Events.Of(Opcode.LogoutResponse, Now, Connection, Lun, itt));
    }

    public Script Fire(ProbeEvent e)
    {
        Correlator.Process(in e);
        return this;
    }
}
