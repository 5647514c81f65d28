using Iscsitop.Cli;
using Iscsitop.Cli.Output;

Descriptors.Fill();
return CommandLine.Run(args, Streams.OfProcess());
