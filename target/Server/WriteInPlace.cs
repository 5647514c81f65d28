using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Server;

/// <summary>
/// Long writes to memory: their data goes from the socket to where it stays, for copying it there is half the work. It goes in
/// whole blocks: a connection that ends leaves none by half, and who is alone in the store finds none (COMPARE AND WRITE, ORWRITE).
/// A READ meanwhile may, as during any write, for it sends from the same memory. A write that does not end GOOD may leave its
/// first blocks.
/// </summary>
internal static class WriteInPlace
{
    /// <summary>Bytes of the shortest write that is worth it: shorter ones come many to a receive.</summary>
    public const int MinLength = 64 << 10;

    /// <summary>Whether a command that has passed <see cref="DeviceServer.Prepare"/> may begin before all its data is there.</summary>
    public static bool Suits(IscsiTask task) =>
        task.Wanted >= MinLength && task.Wanted == task.OutLength && task.Unit!.Store.IsMemory && Medium.IsPlainWrite(task.Row!);

    /// <summary>The same for immediate data that is here: whole blocks to the store, what is left to the task's buffer.</summary>
    public static void Copy(IscsiTask task, ReadOnlySpan<byte> immediate)
    {
        while (Whole(task, immediate.Length - task.Placed) is var count and > 0 && TryPlace(task, null, immediate[task.Placed..], count, 0))
        {
        }
        immediate[task.Placed..].CopyTo(task.Buffer.AsSpan(task.Placed));
    }

    /// <summary>Takes a data segment: whole blocks that follow what is placed to the store, others to the task's buffer.</summary>
    /// <param name="reader">Where it comes from; the header was taken.</param>
    /// <param name="task">The task, with a buffer.</param>
    /// <param name="offset">Where the segment belongs in the task's data.</param>
    /// <param name="length">Bytes of it.</param>
    /// <param name="deadline">Environment.TickCount64 after which the peer has stalled.</param>
    /// <returns>False when the connection ended or stalled.</returns>
    public static bool Receive(PduReader reader, IscsiTask task, int offset, int length, long deadline)
    {
        int block = task.Unit!.BlockSize;
        int end = offset + length;
        while (offset == task.Placed && Whole(task, end - offset) > 0)
        {
            // The deadline is for all of it: each block may come in time, and the segment never end.
            if (reader.Ready < block && (Environment.TickCount64 >= deadline || !reader.Await(block, deadline))) return false;
            if (!TryPlace(task, reader, default, Whole(task, Math.Min(reader.Ready, end - offset)), deadline)) break;
            offset = task.Placed;
        }
        return reader.Take(task.Buffer.AsSpan(offset, end - offset), deadline);
    }

    // Bytes of the blocks among the next bytes; what comes beyond the command's own is nobody's.
    private static int Whole(IscsiTask task, int count) => Math.Min(count, task.Wanted - task.Placed) & -task.Unit!.BlockSize;

    // As on a worker: who resets the unit waits until we are out, and we do not come in again.
    private static bool TryPlace(IscsiTask task, PduReader? reader, ReadOnlySpan<byte> here, int count, long deadline)
    {
        LogicalUnit unit = task.Unit!;
        unit.Enter(task.Generation);
        task.NexusTasks!.Enter(task.NexusGeneration);
        int stripe = unit.Store.Enter();
        try
        {
            // Before the look at what runs: one that begins now counts as another.
            int sanitized = unit.Sanitizer.Count;
            if (task.IsVoid || unit.Sanitizer.InProgress) return false;
            if (task.Placed == 0) task.PlacedAt = sanitized;
            else if (task.PlacedAt != sanitized) return false;
            Span<byte> into = unit.Store.Memory(Medium.Offset(task) + task.Placed, count);
            if (reader is null) here[..into.Length].CopyTo(into);
            else if (!reader.Take(into, deadline)) return false; // all of it is ready
            task.Placed += into.Length;
            return true;
        }
        catch (StoreException)
        {
            return false; // the handler meets it too, and says so
        }
        finally
        {
            unit.Store.Leave(stripe);
            task.NexusTasks.Leave(task.NexusGeneration);
            unit.Leave(task.Generation);
        }
    }
}
