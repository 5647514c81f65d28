using CsCheck;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class TaskSetTests
{
    // Tags close together, as counters give them, and far apart, as fields in them do.
    private static readonly Gen<uint> s_itt = Gen.OneOf(Gen.UInt[0, 40], Gen.UInt[0, 15].Select(i => i << 28), Gen.UInt);

    [Test]
    public void It_finds_what_a_dictionary_finds_whatever_comes_and_goes() => s_itt.Array[0, 300].Sample(tags =>
    {
        var set = new TaskSet(new ConnectionInfo(1, "", ""));
        var expected = new Dictionary<uint, PendingTask>();
        foreach (uint tag in tags)
        {
            if (set.Find(tag) is { } known)
            {
                set.Remove(known);
                if (!expected.Remove(tag, out PendingTask? same) || same != known) return false;
            }
            else
            {
                var task = new PendingTask { Command = { Itt = tag } };
                set.Add(task);
                expected.Add(tag, task);
            }
        }
        return set.Count == expected.Count && tags.All(tag => set.Find(tag) == expected.GetValueOrDefault(tag))
            && ByAge(set).SequenceEqual(expected.Values.OrderBy(t => ByAge(set).IndexOf(t)));
    });

    private static List<PendingTask> ByAge(TaskSet set)
    {
        var tasks = new List<PendingTask>();
        for (PendingTask? task = set.Oldest; task is not null; task = task.Newer) tasks.Add(task);
        return tasks;
    }
}
