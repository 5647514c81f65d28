using Iscsitop.Cli;
using Iscsitop.Cli.Output;

return CommandLine.Run(args, Streams.OfProcess());
