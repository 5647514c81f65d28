using System.CommandLine;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop sessions</c>: one report of the session view.</summary>
internal static class Sessions
{
    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var filters = new Filters();
        var capture = new CaptureWords();
        var extended = new Option<bool>("--extended", "-X") { Description = "show the extended columns too" };
        var output = new Option<string>("--output", "-o") { HelpName = "table|csv|json|ndjson|md", Description = "how the report is written; table unless given", DefaultValueFactory = _ => "table" };
        var ndjson = new Option<bool>("-j") { Description = "the same as -o ndjson" };
        var fields = new Option<bool>("--list-fields") { Description = "list the fields with unit, type and meaning" };
        var cards = new Option<bool>("--card") { Description = "write below the table what happened before each connection ended that did not log out" };
        var command = new Command("sessions", "Lists the connections of initiators, those that are open and those that ended, once: who, since when, with what parameters, how they fare, why they ended.");
        foreach (Option option in new Option[] { extended, cards, output, ndjson, fields }) command.Add(option);
        filters.AddTo(command, units: false);
        capture.AddTo(command);
        command.SetAction(result =>
        {
            OutputFormat format = result.GetValue(ndjson) ? OutputFormat.Ndjson : Values.Choice<OutputFormat>("output format", result.GetValue(output)!, Top.Formats);
            if (result.GetValue(fields))
            {
                streams.Print(FieldList.Of("session", Views.Find("session")!.Columns.Select(FieldList.Column), format is OutputFormat.Json or OutputFormat.Ndjson));
                return ExitCode.Success;
            }
            return Batch.Run(
                Options(Origin.Of(capture, filters, result)) with
                {
                    Filter = filters.Rows(result),
                    Extended = result.GetValue(extended),
                    Cards = result.GetValue(cards),
                    Output = format,
                }, streams);
        });
        return command;
    }

    // An interface that was opened just now has shown nothing yet; a file is reported on when it is whole, however fast it is read.
    private static TopOptions Options(Origin origin)
    {
        View view = Views.Find("session")!;
        return new TopOptions
        {
            Origin = origin,
            View = view,
            SortBy = view.SortBy,
            Count = 1,
            Interval = origin.Capture?.File.Length > 0 ? Feed.WholeFile : TimeSpan.FromSeconds(1),
            SkipFirst = origin.Capture?.Interface.Length > 0,
        };
    }
}
