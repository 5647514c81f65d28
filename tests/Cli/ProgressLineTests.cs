using Iscsitop.Cli.Output;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class ProgressLineTests
{
    [Test]
    public void The_line_is_wiped_when_the_report_comes()
    {
        using var terminal = new StringWriter();
        double progress = 0.456;
        using var line = new ProgressLine(terminal, () => progress);
        line.Show();
        progress = 0.999;
        line.Show();
        line.Dispose();
        line.Show();
        Assert.That(terminal.ToString(), Is.EqualTo("\rreading the file: 45 %\rreading the file: 99 %\r                      \r"));
    }

    [Test]
    public void What_was_never_shown_is_not_wiped()
    {
        using var terminal = new StringWriter();
        new ProgressLine(terminal, () => 0.5).Dispose();
        Assert.That(terminal.ToString(), Is.Empty);
    }

    [TestCase(true, 0.1, true)]
    [TestCase(false, 0.1, false)]
    [TestCase(true, double.NaN, false)]
    public void Only_a_terminal_and_only_of_a_file_is_told(bool terminal, double progress, bool told)
    {
        var streams = new Streams(Stream.Null, TextWriter.Null, false, false) { ErrorIsTerminal = terminal };
        using ProgressLine? line = ProgressLine.For(streams, () => progress);
        Assert.That(line is not null, Is.EqualTo(told));
    }
}
