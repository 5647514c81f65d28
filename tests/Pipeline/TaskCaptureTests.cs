using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Pipeline;

/// <summary>What captures tell of task management and of how sessions ended.</summary>
[TestFixture]
public sealed class TaskCaptureTests
{
    private static Snapshot Of(string name)
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = Corpus.PathOf(name) }, new Wants(0, Feed.WholeFile));
        feed.WaitForSnapshot(TimeSpan.FromSeconds(60), default);
        return feed.Take();
    }

    [Test]
    public void Each_function_is_told_with_its_answer_and_what_came_then()
    {
        Snapshot snapshot = Of("tasks.pcap");
        Assert.That(snapshot.Tasks.Select(t => t.Function), Is.EqualTo(new[]
        {
            TaskFunction.AbortTask, TaskFunction.AbortTaskSet, TaskFunction.ClearAca, TaskFunction.ClearTaskSet, TaskFunction.LogicalUnitReset,
            TaskFunction.TargetWarmReset, TaskFunction.TaskReassign, TaskFunction.TargetColdReset,
        }));
        Assert.That(snapshot.Tasks.All(t => t is { Response: >= 0, Elapsed: >= 0 and < 1_000_000_000, Hit: 0, ReferencedAge: -1 }));
        Assert.That(snapshot.Tasks.SkipLast(1).All(t => t.After == TaskAftermath.Recovered));
        Assert.That(snapshot.Tasks[^1].After, Is.EqualTo(TaskAftermath.ConnectionEnded));
        SessionEnd end = snapshot.Ends.Single();
        Assert.That((end.Connection.End, end.Tasks, end.Outstanding, end.LoginAgain), Is.EqualTo((ConnectionEnd.TaskEscalation, 8, 0, -1L)));
        Assert.That((Opcode)(end.Pdus[^1].Header[0] & 0x3f), Is.EqualTo(Opcode.TaskManagementResponse));
        Assert.That(end.Pdus[^1].Time, Is.EqualTo(snapshot.Tasks[^1].Time + snapshot.Tasks[^1].Elapsed));
    }

    [TestCase("reads.pcap", 0)]
    [TestCase("discovery.pcap", 3)] // two of iscsi-ls that only close, one refused; discovery itself is none
    [TestCase("chap.pcap", 1)] // two refused, of one host and name
    [TestCase("reinstated.pcap", 1)]
    public void A_card_for_each_session_that_did_not_log_out(string name, int ends)
    {
        List<SessionEnd> told = Of(name).Ends;
        Assert.That(told, Has.Count.EqualTo(ends), string.Join('\n', told));
    }

    [Test]
    public void Whose_place_was_taken_was_back_at_once() =>
        Assert.That(Of("reinstated.pcap").Ends.Single() is { Connection.End: ConnectionEnd.Reinstated, LoginAgain: 0 });
}
