using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Tests.D;

/// <summary>What options are set to.</summary>
[TestFixture]
public sealed class OptionTests
{
    private static object? Value(DOptions options, string name) =>
        typeof(DOptions).GetProperty(name)!.GetValue(options);

    [TestCase("quiet", "Quiet", true)]
    [TestCase("quiet=yes", "Quiet", true)]
    [TestCase("quiet=ON", "Quiet", true)]
    [TestCase("quiet=set", "Quiet", true)]
    [TestCase("quiet=true", "Quiet", true)]
    [TestCase("quiet=enable", "Quiet", true)]
    [TestCase("quiet=enabled", "Quiet", true)]
    [TestCase("quiet=1", "Quiet", true)]
    [TestCase("quiet=no", "Quiet", false)]
    [TestCase("quiet=off", "Quiet", false)]
    [TestCase("quiet=unset", "Quiet", false)]
    [TestCase("quiet=false", "Quiet", false)]
    [TestCase("quiet=disable", "Quiet", false)]
    [TestCase("quiet=disabled", "Quiet", false)]
    [TestCase("quiet=0", "Quiet", false)]
    [TestCase("zdefs", "ZDefs", true)]
    [TestCase("empty", "Empty", true)]
    [TestCase("errtags", "ErrTags", true)]
    [TestCase("cpp", "Cpp", true)]
    [TestCase("argref", "ArgRef", true)]
    [TestCase("defaultargs", "DefaultArgs", true)]
    [TestCase("destructive", "Destructive", true)]
    [TestCase("rawbytes", "RawBytes", true)]
    [TestCase("aggsortkey", "AggSortKey", true)]
    [TestCase("aggsortrev", "AggSortRev", true)]
    [TestCase("aggsortpos=2", "AggSortPos", 2)]
    [TestCase("aggsortkeypos=0x3", "AggSortKeyPos", 3)]
    [TestCase("strsize=1k", "StrSize", 1024)]
    [TestCase("strsize=0", "StrSize", 2)]
    [TestCase("bufsize=65536", "BufSize", 65536L)]
    [TestCase("bufsize=8m", "BufSize", 8L << 20)]
    [TestCase("bufsize=0x10K", "BufSize", 16L << 10)]
    [TestCase("aggsize=2G", "AggSize", 2L << 30)]
    [TestCase("aggsize=1t", "AggSize", 1L << 40)]
    [TestCase("dynvarsize=010m", "DynVarSize", 8L << 20)]
    [TestCase("switchrate=10hz", "SwitchRate", 100_000_000L)]
    [TestCase("switchrate=10", "SwitchRate", 10_000_000L)]
    [TestCase("switchrate=0hz", "SwitchRate", 10_000_000L)]
    [TestCase("cpppath=/usr/bin/mcpp", "CppPath", "/usr/bin/mcpp")]
    [TestCase("switchrate=20ms", "SwitchRate", 20_000_000L)]
    [TestCase("switchrate=20MSEC", "SwitchRate", 20_000_000L)]
    [TestCase("switchrate=2s", "SwitchRate", 2_000_000_000L)]
    [TestCase("switchrate=2sec", "SwitchRate", 2_000_000_000L)]
    [TestCase("aggrate=50000us", "AggRate", 50_000_000L)]
    [TestCase("aggrate=50000usec", "AggRate", 50_000_000L)]
    [TestCase("aggrate=50000000ns", "AggRate", 50_000_000L)]
    [TestCase("aggrate=50000000nsec", "AggRate", 50_000_000L)]
    [TestCase("aggrate=1m", "AggRate", 60_000_000_000L)]
    [TestCase("aggrate=1min", "AggRate", 60_000_000_000L)]
    [TestCase("aggrate=1h", "AggRate", 3_600_000_000_000L)]
    [TestCase("aggrate=1hour", "AggRate", 3_600_000_000_000L)]
    [TestCase("aggrate=1d", "AggRate", 86_400_000_000_000L)]
    [TestCase("aggrate=1day", "AggRate", 86_400_000_000_000L)]
    public void An_option_is_set(string argument, string property, object value)
    {
        // A boolean begins as what it is not going to be, so that setting it is seen.
        var options = new DOptions();
        if (value is bool b) typeof(DOptions).GetProperty(property)!.SetValue(options, !b);
        Assert.That(OptionTable.SetArgument(options, argument), Is.Null);
        Assert.That(Value(options, property), Is.EqualTo(value));
    }

    [TestCase("wombats", OptionTable.InvalidName)]
    [TestCase("Quiet", OptionTable.InvalidName)]
    [TestCase("", OptionTable.InvalidName)]
    [TestCase("quiet=maybe", OptionTable.InvalidValue)]
    [TestCase("bufsize", OptionTable.InvalidValue)]
    [TestCase("bufsize=", OptionTable.InvalidValue)]
    [TestCase("bufsize=m", OptionTable.InvalidValue)]
    [TestCase("bufsize=4x", OptionTable.InvalidValue)]
    [TestCase("bufsize=4mb", OptionTable.InvalidValue)]
    [TestCase("bufsize=-1", OptionTable.InvalidValue)]
    [TestCase("bufsize=9999999999t", OptionTable.InvalidValue)]
    [TestCase("bufsize=99999999999999999999", OptionTable.InvalidValue)]
    [TestCase("bufsize=08", OptionTable.InvalidValue)]
    [TestCase("strsize=1m", OptionTable.InvalidValue)]
    [TestCase("switchrate=fast", OptionTable.InvalidValue)]
    [TestCase("switchrate=10lightyears", OptionTable.InvalidValue)]
    [TestCase("switchrate=999999999999d", OptionTable.InvalidValue)]
    [TestCase("aggsortpos=1k", OptionTable.InvalidValue)]
    [TestCase("bufpolicy=bent", OptionTable.InvalidValue)]
    [TestCase("bufpolicy", OptionTable.InvalidValue)]
    [TestCase("libdir", OptionTable.InvalidValue)]
    public void What_cannot_be_set_is_told(string argument, string why) =>
        Assert.That(OptionTable.SetArgument(new(), argument), Is.EqualTo($"failed to set option -x {argument}: {why}"));

    [Test]
    public void The_preprocessor_gets_its_arguments_in_order()
    {
        var options = new DOptions();
        foreach (string argument in new[] { "define=A=1", "undef=B", "incdir=/x", "cpphdrs" }) Assert.That(OptionTable.SetArgument(options, argument), Is.Null);
        Assert.That(options.CppArguments, Is.EqualTo(new[] { "-DA=1", "-UB", "-I/x", "-H" }));
    }

    [TestCase("bufpolicy=ring")]
    [TestCase("bufresize=manual")]
    [TestCase("cleanrate=303hz")]
    [TestCase("nspec=4")]
    [TestCase("temporal")]
    [TestCase("version=1.5")]
    [TestCase("flowindent")]
    public void What_has_nothing_to_do_here_is_accepted(string argument)
    {
        var options = new DOptions();
        string before = All(options);
        Assert.That(OptionTable.SetArgument(options, argument), Is.Null);
        Assert.That(All(options), Is.EqualTo(before));
    }

    private static string All(DOptions options) => string.Join(' ', typeof(DOptions).GetProperties().Select(p => p.GetValue(options)));

    [Test]
    public void While_a_program_runs_only_dynamic_ones_are_set()
    {
        var options = new DOptions();
        Assert.That(OptionTable.Set(options, "quiet", null, running: true), Is.Null);
        Assert.That(options.Quiet);
        Assert.That(OptionTable.Set(options, "bufsize", "1m", running: true), Is.EqualTo(OptionTable.Active));
        Assert.That(OptionTable.Set(options, "zdefs", null, running: true), Is.EqualTo(OptionTable.Active));
        Assert.That(OptionTable.Set(options, "wombats", null, running: true), Is.EqualTo(OptionTable.InvalidName));
    }

    [TestCase("#pragma D option bufsize=x\n", "D_PRAGMA_OPTSET 1: failed to set option 'bufsize' to 'x': Invalid value for specified option")]
    [TestCase("\n#pragma D option wombats\n", "D_PRAGMA_OPTSET 2: failed to set option 'wombats': Invalid option name")]
    [TestCase("# 7 \"a.d\"\n#pragma D option wombats\n", "D_PRAGMA_OPTSET a.d:7: failed to set option 'wombats': Invalid option name")]
    public void A_pragma_that_cannot_be_followed(string text, string message)
    {
        var pragma = (OptionPragma)Written.Parse(text).Items.Single();
        DCompileException e = Assert.Throws<DCompileException>(() => OptionTable.Apply(new(), pragma))!;
        Assert.That($"{e.Tag} {(e.File.Length == 0 ? "" : e.File + ":")}{e.Line}: {e.Message}", Is.EqualTo(message));
    }

    [Test]
    public void Names_are_there_once_and_what_is_ignored_says_why()
    {
        Assert.That(OptionTable.Rows.Select(r => r.Name), Is.Unique);
        Assert.That(OptionTable.Rows.Where(r => r.Set is null && r.SetText is null).Select(r => r.Summary), Has.All.StartsWith("ignored: "));
        Assert.That(OptionTable.Rows.Where(r => r.Set is not null || r.SetText is not null).Select(r => r.Summary), Has.None.StartsWith("ignored"));
    }
}
