using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;

// The benchmark's client: it queues all it may before it sends, and takes all there is before it queues again, so that it is
// not the wall. Any target can be its server.
//
//   iscsi-load ADDR:PORT IQN LUN read|write BYTES DEPTH SECONDS [SESSIONS [PER-SECOND]]    prints "commands seconds"; of all sessions
//   iscsi-load ADDR:PORT IQN LUN logins SECONDS PER-SECOND                     prints "logins seconds", failures on stderr
//   iscsi-load echo-server PORT BYTES                                          answers each 48 bytes with 48 and BYTES more
//   iscsi-load echo ADDR:PORT BYTES DEPTH SECONDS                              prints "requests seconds": what TCP alone allows
try
{
    return args switch
    {
        [var portal, var target, var lun, "logins", var seconds, var rate] =>
            Logins(IPEndPoint.Parse(portal), target, Number(lun), Number(seconds), Number(rate)),
        [var portal, var target, var lun, "read" or "write", var bytes, var depth, var seconds, .. var rest] =>
            Load(new Job(IPEndPoint.Parse(portal), target, Number(lun), args[3] == "write", Number(bytes), Number(depth), Number(seconds)), rest is [var n, ..] ? Number(n) : 1, rest is [_, var rate] ? Number(rate) : int.MaxValue),
        ["echo-server", var port, var bytes] => EchoServer(Number(port), Number(bytes)),
        ["echo", var portal, var bytes, var depth, var seconds] => Echo(IPEndPoint.Parse(portal), Number(bytes), Number(depth), Number(seconds)),
        _ => throw new FormatException("see the head of bench/client/Program.cs"),
    };
}
catch (Exception e) when (e is FormatException or IOException or SocketException)
{
    Console.Error.WriteLine($"iscsi-load: {e.Message}");
    return 1;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

static int Load(Job job, int sessions, int perSecond)
{
    long[] done = new long[sessions];
    double[] took = new double[sessions];
    Exception? failure = null;
    var threads = Enumerable.Range(0, sessions).Select(i => new Thread(() =>
    {
        try
        {
            (done[i], took[i]) = Run(job, i, perSecond / (double)sessions);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            failure = e;
        }
    })).ToList();
    threads.ForEach(t => t.Start());
    threads.ForEach(t => t.Join());
    if (failure is not null) throw new IOException(failure.Message, failure);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done.Sum()} {took.Max():F3}"));
    return 0;
}

// Every command is answered GOOD, or this throws.
static (long Done, double Seconds) Run(Job job, int session, double perSecond)
{
    using var initiator = new Initiator(job.Portal, $"iqn.2026-01.example.bench:client-{session}");
    initiator.Login(job.Target);
    uint blocks = Capacity(initiator, job.Lun) / (uint)(job.Bytes / 512) * (uint)(job.Bytes / 512);
    var cdbs = new byte[Initiator.MaxOutstanding][];
    var data = new ArraySegment<byte>[Initiator.MaxOutstanding];
    var free = new Stack<int>();
    var slotOf = new int[Initiator.MaxOutstanding];
    for (int i = 0; i < job.Depth; i++)
    {
        cdbs[i] = [job.Write ? (byte)0x2a : (byte)0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(cdbs[i].AsSpan(7), (ushort)(job.Bytes / 512));
        data[i] = GC.AllocateArray<byte>(job.Bytes, pinned: true);
        data[i].AsSpan().Fill(0x5a);
        free.Push(i);
    }
    var random = new Random(session);
    long done = 0;
    var watch = Stopwatch.StartNew();
    while (watch.Elapsed.TotalSeconds < job.Seconds)
    {
        double due = (done + random.NextDouble()) / perSecond;
        if (due > watch.Elapsed.TotalSeconds) Thread.Sleep(TimeSpan.FromSeconds(due - watch.Elapsed.TotalSeconds));
        while (free.Count > 0 && initiator.CanSubmit)
        {
            int slot = free.Pop();
            uint lba = (uint)random.Next((int)(blocks / (uint)(job.Bytes / 512))) * (uint)(job.Bytes / 512);
            BinaryPrimitives.WriteUInt32BigEndian(cdbs[slot].AsSpan(2), lba);
            slotOf[initiator.Submit(new ScsiRequest(job.Lun, cdbs[slot], data[slot], job.Write))] = slot;
        }
        initiator.Send();
        do
        {
            ScsiResult result = initiator.Complete();
            if (result.Status != ScsiStatus.Good) throw new IOException($"a command ended with {result.Status}, sense {Convert.ToHexString(result.Sense)}");
            free.Push(slotOf[result.Tag]);
            done++;
        }
        while (initiator.HasMore);
    }
    double seconds = watch.Elapsed.TotalSeconds;
    for (; initiator.Outstanding > 0; done++)
        if (initiator.Complete().Status != ScsiStatus.Good) throw new IOException("a command ended otherwise than GOOD");
    initiator.Logout();
    return (done, seconds);
}

static uint Capacity(Initiator initiator, int lun)
{
    ArraySegment<byte> data = GC.AllocateArray<byte>(8, pinned: true);
    ScsiResult result;
    // The first answers on a new nexus are unit attentions.
    do result = initiator.Execute(new ScsiRequest(lun, new byte[] { 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, data, false));
    while (result.Sense is [_, _, 0x06, ..]);
    if (result.Status != ScsiStatus.Good) throw new IOException($"READ CAPACITY(10) ended with {result.Status}");
    return BinaryPrimitives.ReadUInt32BigEndian(data) + 1;
}

// Sessions that come and go, each with one command, as many a second as asked for.
static int Logins(IPEndPoint portal, string target, int lun, int seconds, int perSecond)
{
    const int Threads = 32; // a login is a dozen thread switches: on a busy machine it takes long, not much
    long done = 0, failed = 0;
    var watch = Stopwatch.StartNew();
    var threads = Enumerable.Range(0, Threads).Select(i => new Thread(() =>
    {
        for (long n = 0; watch.Elapsed.TotalSeconds < seconds; n++)
        {
            double due = n * Threads / (double)perSecond;
            if (due > watch.Elapsed.TotalSeconds) Thread.Sleep(TimeSpan.FromSeconds(due - watch.Elapsed.TotalSeconds));
            try
            {
                using var initiator = new Initiator(portal, $"iqn.2026-01.example.bench:visitor-{i}");
                initiator.Login(target);
                initiator.Execute(new ScsiRequest(lun, new byte[6], default, false));
                initiator.Logout();
                Interlocked.Increment(ref done);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                if (Interlocked.Increment(ref failed) <= 3) Console.Error.WriteLine($"iscsi-load: {e.Message}");
            }
        }
    })).ToList();
    threads.ForEach(t => t.Start());
    threads.ForEach(t => t.Join());
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} {watch.Elapsed.TotalSeconds:F3}"));
    if (failed > 0) Console.Error.WriteLine($"iscsi-load: {failed} logins failed");
    return failed > 0 ? 1 : 0;
}

// One thread, as many answers a send as requests a receive: the floor of what a target does on the wire.
static int EchoServer(int port, int bytes)
{
    using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
    listener.Listen();
    byte[] requests = GC.AllocateArray<byte>(256 << 10, pinned: true);
    byte[] answers = GC.AllocateArray<byte>((48 + bytes) * 256, pinned: true);
    while (true)
    {
        using Socket socket = listener.Accept();
        socket.NoDelay = true;
        int waiting = 0;
        for (int count; (count = socket.Receive(requests)) > 0;)
        {
            waiting += count;
            for (; waiting >= 48; waiting -= 48 * Math.Min(waiting / 48, 256)) SendAll(socket, answers.AsSpan(0, (48 + bytes) * Math.Min(waiting / 48, 256)));
        }
    }
}

static int Echo(IPEndPoint portal, int bytes, int depth, int seconds)
{
    using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    socket.Connect(portal);
    byte[] requests = GC.AllocateArray<byte>(48 * depth, pinned: true);
    byte[] into = GC.AllocateArray<byte>(256 << 10, pinned: true);
    long received = 0, sent = 0;
    var watch = Stopwatch.StartNew();
    while (watch.Elapsed.TotalSeconds < seconds)
    {
        int free = depth - (int)(sent - received / (48 + bytes));
        if (free > 0) SendAll(socket, requests.AsSpan(0, 48 * free));
        sent += free;
        received += socket.Receive(into);
    }
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{received / (48 + bytes)} {watch.Elapsed.TotalSeconds:F3}"));
    return 0;
}

static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
{
    while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
}

internal sealed record Job(IPEndPoint Portal, string Target, int Lun, bool Write, int Bytes, int Depth, int Seconds);
