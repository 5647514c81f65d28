namespace Iscsitop.Tests.Conformance;

/// <summary>D views as a person has them: in a terminal, with a load behind it; and in reports.</summary>
[TestFixture]
public sealed class AskedViewTests
{
    [Test]
    public void An_aggregation_is_typed_kept_and_opened_again()
    {
        using var scratch = new Scratch();
        using var terminal = new Terminal(120, 40);
        string start = $"XDG_CONFIG_HOME='{scratch.Path}' '{Binary.Path}' demo; echo \"[exit $?]\"";
        terminal.Type(start);
        terminal.Press("Enter");
        terminal.WaitFor("READ(");

        terminal.Type(":@[args[0]->ci_remote, probename] = count()");
        terminal.Press("Enter");
        string screen = terminal.WaitFor("127.0.0.1          scsi-command");
        Assert.That(screen, Does.Contain("COUNT/s").And.Contain(": @  @[args[0]->ci_remote, probename] = count()"));
        terminal.Type(":save-view who");
        terminal.Press("Enter");
        terminal.WaitFor("kept as who");
        Assert.That(File.ReadAllText(scratch.File("iscsitop/views.toml")), Does.EndWith("[d]\nwho = \"@[args[0]->ci_remote, probename] = count()\"\n"));

        terminal.Press("Escape");
        terminal.WaitFor("READ(");
        terminal.Type(":scsi-comand { @ = count(); }");
        terminal.Press("Enter");
        terminal.WaitFor("^ probe description :::scsi-comand does not match any probes");
        terminal.Press("Escape");
        terminal.Press("q");
        terminal.WaitFor("[exit 0]");

        terminal.Type("clear; " + start);
        terminal.Press("Enter");
        terminal.WaitFor("READ(");
        terminal.Type(":who");
        terminal.Press("Enter");
        terminal.WaitFor("127.0.0.1          scsi-command");
        terminal.Press("q");
        terminal.WaitFor("[exit 0]");
    }

    [Test]
    public void A_kept_one_is_a_view_of_reports()
    {
        using var scratch = new Scratch();
        string config = scratch.File("config.toml");
        File.WriteAllText(config, "[d]\nsize = \"scsi-command { @[probename] = quantize(args[1]->ii_datalen); @n = count(); }\"\nbad = \"@[nothing] = count()\"\n");
        string file = Pipeline.Corpus.PathOf("reads.pcap");
        string csv = Client.RunWell(Binary.Path, "--config", config, "--view", "size", "-r", file, "-o", "csv").Out;
        string[] lines = csv.TrimEnd().Split("\r\n");
        Assert.That(lines[0], Is.EqualTo("time,probename,n,per_s,p50,p99,buckets"));
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[1], Does.Match(@"^[\d.]+,scsi-command,\d+,[\d.]+,.*\d+:\d+"));
        (int code, string _, string error) = Client.Run(Binary.Path, "--config", config, "--view", "bad", "-r", file);
        Assert.That((code, error), Is.EqualTo((2, "iscsitop: view bad: failed to resolve nothing: Unknown variable name\n")));
    }

    [Test]
    public void The_demo_has_them_and_what_is_no_view_is_told_of_all()
    {
        using var scratch = new Scratch();
        string config = scratch.File("config.toml");
        File.WriteAllText(config, "[d]\nwho = \"scsi-command { @[probename] = count(); }\"\n");
        File.WriteAllText(scratch.File("views.toml"), "[d]\nother = \"@ = count()\"\n");
        string csv = Client.RunWell(Binary.Path, "demo", "-b", "--config", config, "--view", "who", "-F", "probename,count").Out;
        Assert.That(csv, Does.Match(@"(?m)^scsi-command +[1-9]"));
        foreach (string[] command in new string[][] { [], ["demo"] })
        {
            (int code, string _, string error) = Client.Run(Binary.Path, [.. command, "-b", "--config", config, "--view", "whom"]);
            Assert.That((code, error), Is.EqualTo((2, $"iscsitop: invalid view -- whom (one of {string.Join(", ", Iscsitop.Cli.Views.All.Select(v => v.Key))}, other, who)\n")));
        }
    }
}
